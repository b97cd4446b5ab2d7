import { changeSettings, settings } from '../app/settings'
import type { Action } from './types'

export const toggleDisplay: Action = {
  name: 'toggleDisplay',
  label: 'action.toggleDisplay',
  icon: 'screen',
  group: 'screen',
  keys: ['w'],
  when: () => true,
  perform: () => changeSettings({ display: settings.get().display === 'desk' ? 'wall' : 'desk' }),
}
