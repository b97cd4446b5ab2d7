import type { LonLat, MapController } from '../map/types'
import { noFilter, type QueueFilter } from '../domain/incidents'
import { createStore } from '../lib/store'
import type { Selection } from './router'

/** What is open on the console. Nothing of it survives a reload but what the address holds. */
export interface Workbench {
  help: boolean
  layers: boolean
  /** The reports that wait for a person. */
  reports: boolean
  knowledge: boolean
  /** Making a case: the place is being picked, then the form is filled in. */
  creating: { point: LonLat | null } | null
  filter: QueueFilter
}

export const workbench = createStore<Workbench>({ help: false, layers: true, reports: false, knowledge: false, creating: null, filter: noFilter })
export const change = (what: Partial<Workbench>) => workbench.set((now) => ({ ...now, ...what }))

/** The map, once it stands; null before, and where the browser cannot draw one. */
export const theMap = createStore<MapController | null>(null)
/** Whether the map stands in three dimensions. */
export const threeD = createStore(true)
/** What the list on the right shows now, in its order: j and k go through it. */
export const listOrder = createStore<readonly Selection[]>([])
export const sameSelection = (a: Selection | null, b: Selection | null) => a?.layer === b?.layer && a?.id === b?.id
