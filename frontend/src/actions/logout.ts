import { logOut } from '../app/session'
import type { Action } from './types'

export const logout: Action = {
  name: 'logout',
  label: 'action.logout',
  icon: 'logout',
  group: 'screen',
  keys: [],
  when: () => true,
  perform: () => void logOut(),
}
