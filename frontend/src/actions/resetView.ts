import type { Action } from './types'

export const resetView: Action = {
  name: 'resetView',
  label: 'action.resetView',
  icon: 'frame',
  group: 'map',
  keys: ['0'],
  when: ({ map }) => map !== null,
  perform: ({ map }) => map?.resetView(),
}
