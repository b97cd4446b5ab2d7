import { may } from '../app/session'
import { change } from '../app/workbench'
import type { Action } from './types'

/** z as in 知识 zhīshi. */
export const knowledge: Action = {
  name: 'knowledge',
  label: 'action.knowledge',
  icon: 'list',
  group: 'work',
  keys: ['z'],
  when: ({ session }) => may(session, 'incident.create'),
  perform: ({ bench }) => change({ knowledge: !bench.knowledge }),
}
