import type { MapFeature } from './diffSource'
import type { Polygon } from 'geojson'
import { circle, wedge } from './geo'
import type { FeatureRef, LonLat } from './types'

/** Around an incident or a detection: what is near, metres. */
export const NEAR_M = 500

export interface Selected {
  ref: FeatureRef
  at: LonLat
  /** Pixels by which its sign was moved aside. */
  offset: readonly [number, number]
  /** Of a camera. Null where the registry does not say. */
  azimuthDeg?: number | null
  fovDeg?: number | null
  rangeM?: number | null
}

/** Ring, radius and view of the selected thing. */
export function selectionFeatures(selected: Selected | null, sectors: readonly Polygon[] | null = null): MapFeature[] {
  if (!selected) return []
  const { ref, at, offset } = selected
  const small = ref.layer === 'camera' || ref.layer === 'unit'
  const out: MapFeature[] = [
    { type: 'Feature', id: 1, geometry: { type: 'Point', coordinates: at }, properties: { kind: 'ring', icon: small ? 'ring-small' : 'ring', offset: [...offset] } },
  ]
  if (ref.layer === 'incident' || ref.layer === 'detection') {
    out.push({ type: 'Feature', id: 2, geometry: circle(at, NEAR_M), properties: { kind: 'radius' } })
  }
  sectors?.forEach((geometry, n) => out.push({ type: 'Feature', id: 4 + n, geometry, properties: { kind: 'wedge' } }))
  if (ref.layer === 'camera' && selected.rangeM && !sectors) {
    const fov = selected.fovDeg ?? 360
    const azimuth = selected.azimuthDeg
    if (fov >= 360 || azimuth != null) out.push({ type: 'Feature', id: 3, geometry: wedge(at, azimuth ?? 0, fov, selected.rangeM), properties: { kind: 'wedge' } })
  }
  return out
}
