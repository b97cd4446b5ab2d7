import { may } from '../app/session'
import { change } from '../app/workbench'
import type { Action } from './types'

export const newIncident: Action = {
  name: 'newIncident',
  label: 'action.newIncident',
  icon: 'plus',
  group: 'work',
  keys: ['n'],
  when: ({ session, bench, map }) => may(session, 'incident.create') && !bench.creating && map !== null,
  perform: () => change({ creating: { point: null } }),
}
