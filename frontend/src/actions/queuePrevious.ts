import { listOrder } from '../app/workbench'
import { step } from './step'
import type { Action } from './types'

export const queuePrevious: Action = {
  name: 'queuePrevious',
  label: 'action.queuePrevious',
  icon: 'chevronUp',
  group: 'queue',
  keys: ['k'],
  when: () => listOrder.get().ids.length > 0,
  perform: () => step(-1),
}
