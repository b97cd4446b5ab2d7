import { go, paths } from '../app/router'
import { may } from '../app/session'
import type { Action } from './types'

export const admin: Action = {
  name: 'admin',
  label: 'action.admin',
  icon: 'people',
  group: 'view',
  keys: ['4'],
  when: ({ session }) => may(session, 'user.manage') || may(session, 'geofence.manage'),
  perform: ({ session }) => go(may(session, 'user.manage') ? paths.users : paths.geofences),
}
