import type { MapFeature } from './diffSource'
import type { MultiPolygon, Polygon } from 'geojson'
import { circle, wedge } from './geo'
import type { FeatureRef, LonLat } from './types'

/** Around an incident or a detection: what is near, metres. */
export const NEAR_M = 500
const DEGREE_M = 111_195

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
  const view = [...(sectors ?? [])]
  if (ref.layer === 'camera' && selected.rangeM && !sectors) {
    const fov = selected.fovDeg ?? 360
    const azimuth = selected.azimuthDeg
    if (fov >= 360 || azimuth != null) view.push(wedge(at, azimuth ?? 0, fov, selected.rangeM))
  }
  view.forEach((geometry, n) => out.push({ type: 'Feature', id: 3 + 2 * n, geometry, properties: { kind: 'wedge' } }, { type: 'Feature', id: 4 + 2 * n, geometry: walls(geometry), properties: { kind: 'walls' } }))
  return out
}

/** Of a wall around what a camera sees, metres. Each piece stands on the ground beneath it: one piece would hang over a valley and sink into a hill. */
const WALL_M = 1.5
const PIECE_M = 15

function walls({ coordinates: [outline] }: Polygon): MultiPolygon {
  const coordinates: MultiPolygon['coordinates'] = []
  outline!.slice(1).forEach(([x2, y2], i) => {
    const [x1, y1] = outline![i] as LonLat
    const wide = Math.cos((y1 * Math.PI) / 180)
    const [dx, dy] = [(x2! - x1) * wide, y2! - y1]
    const long = Math.hypot(dx, dy)
    const n = Math.ceil((long * DEGREE_M) / PIECE_M)
    const aside = [((dy / long) * WALL_M) / DEGREE_M / wide, ((-dx / long) * WALL_M) / DEGREE_M] as const
    const at = (k: number, side: number): LonLat => [x1 + ((x2! - x1) * k) / n + side * aside[0], y1 + (dy * k) / n + side * aside[1]]
    for (let k = 0; k < n; k++) coordinates.push([[at(k, 0), at(k, 1), at(k + 1, 1), at(k + 1, 0), at(k, 0)]])
  })
  return { type: 'MultiPolygon', coordinates }
}
