import type { Action } from './types'

export const zoomIn: Action = {
  name: 'zoomIn',
  label: 'action.zoomIn',
  icon: 'plus',
  group: 'map',
  keys: ['+', '='],
  when: ({ map }) => map !== null,
  perform: ({ map }) => map?.zoomBy(1),
}
