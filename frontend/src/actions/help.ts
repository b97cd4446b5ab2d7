import { change } from '../app/workbench'
import type { Action } from './types'

export const help: Action = {
  name: 'help',
  label: 'action.help',
  icon: 'keyboard',
  group: 'screen',
  keys: ['?'],
  when: () => true,
  perform: ({ bench }) => change({ help: !bench.help }),
}
