import type { Action } from './types'

export const queueOpen: Action = {
  name: 'queueOpen',
  label: 'action.queueOpen',
  icon: 'pin',
  group: 'queue',
  keys: ['Enter'],
  when: ({ place, map }) => place.selection !== null && map !== null,
  perform: ({ place, map }) => {
    if (place.selection) void map?.flyToFeature(place.selection)
  },
}
