import { select } from '../app/router'
import type { Action } from './types'

export const close: Action = {
  name: 'close',
  label: 'action.close',
  icon: 'close',
  group: 'queue',
  keys: ['Escape'],
  when: ({ place, bench }) => place.selection !== null && bench.creating === null,
  perform: () => select(null),
}
