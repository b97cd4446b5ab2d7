import { threeD } from '../app/workbench'
import type { Action } from './types'

export const toggle3d: Action = {
  name: 'toggle3d',
  label: 'action.toggle3d',
  icon: 'cube',
  group: 'map',
  keys: ['p'],
  when: ({ map }) => map !== null,
  perform: ({ map }) => map?.set3D(!threeD.get()),
}
