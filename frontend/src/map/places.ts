import type { Geometry } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import type { LiveStore } from '../live/store'
import type { FeatureRef } from './types'

/**
 * The geometry of a thing: from the live store, from a tile on the screen, or from the server. Null when it is gone, may not be seen, or
 * cannot be asked for now.
 */
export async function findGeometry(ref: FeatureRef, live: LiveStore, map: MapLibre, origin: string, signal: AbortSignal): Promise<Geometry | null> {
  const layer = ref.layer === 'unit' ? 'position' : ref.layer
  const copy = live.layer(layer)
  const held = copy.geometryOf(ref.id)
  if (held) return held
  if (copy.loaded && !copy.has(ref.id)) return null // a case that was merged, say
  if (map.getSource(ref.layer)?.type === 'vector' && ref.layer === 'camera') { // polygons in tiles are only pieces
    const [feature] = map.querySourceFeatures(ref.layer, { sourceLayer: ref.layer, filter: ['==', ['id'], ref.id] })
    if (feature) return feature.geometry
  }
  try {
    const response = await fetch(`${origin}/api/layers/${layer}/features/${ref.id}`, { signal })
    if (!response.ok) return null
    return ((await response.json()) as { geometry: Geometry | null }).geometry
  } catch {
    return null // aborted, or no connection: the lamp says so
  }
}
