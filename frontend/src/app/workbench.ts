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
  palette: boolean
  measure: boolean
  /** What is drawn on the map: the case whose drawing is open, 0 for the drawing of the areas. */
  drawing: number | null
  print: boolean
  tour: boolean
  /** Making a case: the place is being picked, then the form is filled in. */
  creating: { point: LonLat | null; address?: string } | null
}

export const workbench = createStore<Workbench>({ help: false, layers: true, reports: false, knowledge: false, palette: false, measure: false, tour: false, print: false, drawing: null, creating: null })
export const change = (what: Partial<Workbench>) => workbench.set((now) => ({ ...now, ...what }))

/** What the queue shows. A store of its own: a press of a filter changes a list, not the whole console. */
export const queueFilter = createStore<QueueFilter>(noFilter)

/** The map, once it stands; null before, and where the browser cannot draw one. */
export const theMap = createStore<MapController | null>(null)
/** Who takes a thing that is pressed on the map, before the map moves; null while nobody does. */
export const grabbed = createStore<((thing: Selection, at: { x: number; y: number }) => boolean) | null>(null)
/** Plans of markings that are out of sight here, by case; 0 is that of the areas. */
export const hiddenDrawings = createStore<ReadonlySet<number>>(new Set())
/** Whether the map stands in three dimensions. */
export const threeD = createStore(true)
/** What a list shows, in its order. */
export interface ListOrder {
  layer: string
  ids: Float64Array
}
export const noOrder: ListOrder = { layer: '', ids: new Float64Array() }
/** What the list on the right shows now: j and k go through it. */
export const listOrder = createStore<ListOrder>(noOrder)
export const sameSelection = (a: Selection | null, b: Selection | null) => a?.layer === b?.layer && a?.id === b?.id
