import { createStore } from '../lib/store'
import type { Action } from './types'

/** The grave cases that ring now, the newest first. */
export const ringingNow = createStore<readonly number[]>([])

export const acknowledgeAlarm: Action = {
  name: 'acknowledgeAlarm',
  label: 'action.acknowledgeAlarm',
  icon: 'bell',
  group: 'work',
  keys: ['a'],
  when: () => ringingNow.get().length > 0,
  perform: () => void import('../features/alarm/acknowledge').then(({ acknowledge }) => acknowledge(ringingNow.get()[0])),
}
