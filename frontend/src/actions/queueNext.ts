import { listOrder } from '../app/workbench'
import { step } from './step'
import type { Action } from './types'

export const queueNext: Action = {
  name: 'queueNext',
  label: 'action.queueNext',
  icon: 'chevronDown',
  group: 'queue',
  keys: ['j'],
  when: () => listOrder.get().ids.length > 0,
  perform: () => step(1),
}
