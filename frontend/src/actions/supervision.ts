import { go, paths } from '../app/router'
import { may } from '../app/session'
import type { Action } from './types'

export const supervision: Action = {
  name: 'supervision',
  label: 'action.supervision',
  icon: 'flag',
  group: 'view',
  keys: ['5'],
  when: ({ session }) => may(session, 'task.dispatch') || may(session, 'case.supervise'),
  perform: () => go(paths.supervision),
}
