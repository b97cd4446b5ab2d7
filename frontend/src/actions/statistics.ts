import { go, paths } from '../app/router'
import type { Action } from './types'

export const statistics: Action = {
  name: 'statistics',
  label: 'action.statistics',
  icon: 'area',
  group: 'view',
  keys: ['6'],
  when: () => true,
  perform: () => go(paths.statistics),
}
