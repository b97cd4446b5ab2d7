import { may } from '../app/session'
import { change } from '../app/workbench'
import type { Action } from './types'

export const reports: Action = {
  name: 'reports',
  label: 'action.reports',
  icon: 'phone',
  group: 'work',
  keys: ['b'],
  when: ({ session }) => may(session, 'incident.create'),
  perform: ({ bench }) => change({ reports: !bench.reports }),
}
