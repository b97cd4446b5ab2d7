import { may } from '../app/session'
import type { Action } from './types'

/** Moves the focus to the first unit that can be sent; Enter sends it. A single key never sends anybody. */
export const dispatchList: Action = {
  name: 'dispatchList',
  label: 'action.dispatchList',
  icon: 'unit',
  group: 'work',
  keys: ['d'],
  when: ({ session, place }) => may(session, 'task.dispatch') && place.selection?.layer === 'incident',
  perform: () => document.querySelector<HTMLElement>('[data-dispatch]:not([data-disabled])')?.focus(),
}
