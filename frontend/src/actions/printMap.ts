import { change } from '../app/workbench'
import type { Action } from './types'

export const printMap: Action = {
  name: 'printMap',
  label: 'action.printMap',
  icon: 'print',
  group: 'map',
  keys: ['o'],
  when: ({ map, bench }) => map !== null && bench.creating === null,
  perform: () => change({ print: true }),
}
