import { settings } from '../app/settings'
import { change } from '../app/workbench'
import type { Action } from './types'

/** Not on a wall: nobody sits there, and everybody looks. */
export const tour: Action = {
  name: 'tour',
  label: 'action.tour',
  icon: 'flag',
  group: 'screen',
  keys: [],
  when: ({ session }) => settings.get().display === 'desk' && !session.scene,
  perform: () => change({ tour: true, help: false, palette: false }),
}
