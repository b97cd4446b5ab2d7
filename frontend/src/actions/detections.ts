import { go, paths } from '../app/router'
import type { Action } from './types'

export const detections: Action = {
  name: 'detections',
  label: 'action.detections',
  icon: 'house',
  group: 'view',
  keys: ['2'],
  when: () => true,
  perform: () => go(paths.detections),
}
