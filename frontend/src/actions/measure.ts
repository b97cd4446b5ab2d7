import { change } from '../app/workbench'
import type { Action } from './types'

export const measure: Action = {
  name: 'measure',
  label: 'action.measure',
  icon: 'ruler',
  group: 'map',
  keys: ['m'],
  when: ({ map, bench }) => map !== null && bench.creating === null,
  perform: ({ bench }) => change({ measure: !bench.measure, drawing: null }),
}
