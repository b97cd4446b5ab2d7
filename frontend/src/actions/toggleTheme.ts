import { otherTheme } from '../app/settings'
import type { Action } from './types'

export const toggleTheme: Action = {
  name: 'toggleTheme',
  label: 'action.toggleTheme',
  icon: 'contrast',
  group: 'screen',
  keys: ['t'],
  when: () => true,
  perform: otherTheme,
}
