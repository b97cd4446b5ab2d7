import { change } from '../app/workbench'
import type { Action } from './types'

export const toggleLayers: Action = {
  name: 'toggleLayers',
  label: 'action.toggleLayers',
  icon: 'layers',
  group: 'map',
  keys: ['l'],
  when: ({ map }) => map !== null,
  perform: ({ bench }) => change({ layers: !bench.layers }),
}
