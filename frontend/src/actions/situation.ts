import { go, paths } from '../app/router'
import type { Action } from './types'

export const situation: Action = {
  name: 'situation',
  label: 'action.situation',
  icon: 'incident',
  group: 'view',
  keys: ['1'],
  when: () => true,
  perform: () => go(paths.situation),
}
