import { otherLocale } from '../app/settings'
import type { Action } from './types'

export const toggleLocale: Action = {
  name: 'toggleLocale',
  label: 'action.toggleLocale',
  icon: 'language',
  group: 'screen',
  keys: ['e'],
  when: () => true,
  perform: otherLocale,
}
