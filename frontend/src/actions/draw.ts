import { may } from '../app/session'
import { change } from '../app/workbench'
import { replaying } from '../live/replay'
import type { Action } from './types'

export const draw: Action = {
  name: 'draw',
  label: 'action.draw',
  icon: 'draw',
  group: 'map',
  keys: ['h'],
  when: ({ session, map, bench }) => map !== null && bench.creating === null && !replaying && may(session, 'marking.draw'),
  perform: ({ bench, place }) => change({ drawing: bench.drawing !== null ? null : place.selection?.layer === 'incident' ? place.selection.id : 0, measure: false }),
}
