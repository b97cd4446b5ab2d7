import { go, paths } from '../app/router'
import { may } from '../app/session'
import type { Action } from './types'

export const videoWall: Action = {
  name: 'videoWall',
  label: 'action.videoWall',
  icon: 'screen',
  group: 'view',
  keys: ['v'],
  when: ({ session }) => may(session, 'camera.watch'),
  perform: () => go(paths.video, null),
}
