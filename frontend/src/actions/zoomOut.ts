import type { Action } from './types'

export const zoomOut: Action = {
  name: 'zoomOut',
  label: 'action.zoomOut',
  icon: 'minus',
  group: 'map',
  keys: ['-'],
  when: ({ map }) => map !== null,
  perform: ({ map }) => map?.zoomBy(-1),
}
