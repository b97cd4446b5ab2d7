import { go, paths } from '../app/router'
import type { Action } from './types'

export const cameras: Action = {
  name: 'cameras',
  label: 'action.cameras',
  icon: 'camera',
  group: 'view',
  keys: ['3'],
  when: () => true,
  perform: () => go(paths.cameras),
}
