import { moveReplay } from '../app/replay'
import { replayHead, replaying } from '../live/replay'
import type { Action } from './types'

export const replayPlay: Action = {
  name: 'replayPlay',
  label: 'action.replayPlay',
  icon: 'play',
  group: 'screen',
  keys: ['s'],
  when: () => replaying,
  perform: () => void moveReplay({ playing: !replayHead.get()?.playing }),
}
