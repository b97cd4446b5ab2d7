import { aWhileAgo, beginReplay, leaveReplay } from '../app/replay'
import { may } from '../app/session'
import { replaying } from '../live/replay'
import type { Action } from './types'

export const replay: Action = {
  name: 'replay',
  label: 'action.replay',
  icon: 'rewind',
  group: 'screen',
  keys: ['r'],
  when: ({ session }) => replaying || may(session, 'replay'),
  perform: () => (replaying ? leaveReplay() : void beginReplay(aWhileAgo())),
}
