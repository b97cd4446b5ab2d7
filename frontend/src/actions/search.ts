import type { Action } from './types'

export const search: Action = {
  name: 'search',
  label: 'action.search',
  icon: 'search',
  group: 'view',
  keys: ['/'],
  when: () => true,
  perform: () => document.querySelector<HTMLInputElement>('#search input')?.focus(),
}
