import { useEffect, useMemo } from 'react'
import type { Catalog } from '../api/types'
import { askSession, loseSession } from '../app/session'
import { LiveClient, subscriptionsFor } from '../live/client'
import { LiveStore } from '../live/store'
import { type MapController, type View, mapLayers } from '../map/types'
import { type Camera, REFERENCE } from './motion'
import type { Slice } from './slice'
import type { Scene } from './socket'

/** What a screen shows: a scene, or one of its parts. */
export type Viewed = Pick<Scene, 'hidden' | 'picture' | 'severity' | 'tilesets'>

/** Tells a map what it draws of a scene. */
export function showView(map: MapController, { theme, lang }: Pick<Scene, 'theme' | 'lang'>, view: Viewed): void {
  map.setTheme(theme)
  map.setLocale(lang)
  for (const layer of mapLayers) map.setLayerVisible(layer, !view.hidden.includes(layer))
  map.setPicture(view.picture ?? null)
  map.setTilesets(view.tilesets ?? [])
  map.setSeverity(view.severity || 3)
}

/** A camera that may follow a unit, where that is: on a map as it is drawn there, so that it stays in the middle. */
export function followed<C extends Camera>(view: C, live: LiveStore, map?: MapController): C {
  const unit = view.follow_unit
  const place = unit ? (map?.unitAt(unit) ?? placeOf(live, unit)) : null
  return place ? { ...view, center: place } : view
}

/** A camera on a map that draws a slice: MapLibre's zoom belongs to the height of the whole view. */
export function onSlice({ center, zoom, pitch, bearing, elevation }: Camera, { whole }: Slice): View {
  return { center: center as View['center'], zoom: zoom + Math.log2(whole.height / REFERENCE), pitch, bearing, elevation: elevation ?? 0 }
}

/** Where a unit is now; null where nobody knows. */
function placeOf(live: LiveStore, unit: number): number[] | null {
  for (const layer of ['position', 'unit']) {
    const geometry = live.layer(layer).geometryOf(unit)
    if (geometry?.type === 'Point') return geometry.coordinates
  }
  return null
}

/** The live copy of the layers, as the console has it. */
export function useLiveLayers(catalog: Catalog): LiveStore {
  const live = useMemo(() => new LiveStore(), [])
  useEffect(() => {
    const client = new LiveClient({
      live,
      onUnauthorized: () => {
        loseSession()
        setTimeout(() => void askSession(), 5000)
      },
    })
    for (const subscription of subscriptionsFor(catalog)) client.subscribe(subscription)
    client.start()
    return () => client.stop()
  }, [live, catalog])
  return live
}
