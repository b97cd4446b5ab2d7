import i18next from 'i18next'
import type { LayerStore, LiveStore, Row } from '../../live/store'
import { theMap } from '../../app/workbench'
import { notify } from '../../ui/notices'

const verbs = new Map<unknown, 'fence.entered' | 'fence.left' | 'fence.dwelt'>([
  ['enter', 'fence.entered'],
  ['leave', 'fence.left'],
  ['dwell', 'fence.dwelt'],
])

/** More than this in one moment are told as a number: a column that drives through a gate must not cover the map. */
const ONE_BY_ONE = 3

/** Says what happens at geofences while it happens; what was there before, and what comes back after a gap, is in its layer. Returns how to stop. */
export function tellFences(live: LiveStore): () => void {
  const layer = live.layer('geofence_event')
  return layer.subscribe((change) => {
    if (change.reset) return
    const rows = newEvents(layer, change.upserted)
    if (rows.length > ONE_BY_ONE) notify('event', i18next.t('fence.many', { n: rows.length }))
    else for (const row of rows) notify('event', sentence(row), { label: i18next.t('fence.show'), press: () => show(row) })
  })
}

function newEvents(layer: Pick<LayerStore, 'get'>, ids: ReadonlySet<number>): Row[] {
  const rows: Row[] = []
  for (const id of ids) {
    const row = layer.get(id)
    if (row) rows.push(row)
  }
  return rows
}

/** What has happened, in the reader's language. */
export function sentence(row: Row): string {
  return i18next.t(verbs.get(row.trigger) ?? 'fence.entered', { moving: String(row.moving), fence: String(row.fence) })
}

function show(row: Row): void {
  const at = row.geometry?.type === 'Point' ? (row.geometry.coordinates as [number, number]) : null
  if (at) theMap.get()?.flyTo(at, { zoom: 16.5 })
}
