import { change } from '../app/workbench'
import type { Action } from './types'

export const palette: Action = {
  name: 'palette',
  label: 'action.palette',
  icon: 'search',
  group: 'view',
  keys: [],
  chord: 'k',
  when: () => true,
  perform: ({ bench }) => change({ palette: !bench.palette }),
}
