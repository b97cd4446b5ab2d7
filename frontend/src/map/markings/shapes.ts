import type { Geometry, Position } from 'geojson'
import { anchorOf, circle, lonLat } from '../geo'
import type { LonLat } from '../types'
import { type Flat, arrow, arrowForms, middle, planeAt, smooth } from './geometry'
import { type MarkingKind, type Standing, kinds } from './kinds'

/** What is drawn of a marking: its points are all that is kept. */
export interface Drawable {
  kind: MarkingKind
  standing: Standing
  label: string
  rotation_deg: number
  size: number
  radius_m: number
  geometry: Geometry
}

export interface Drawn {
  /** The shape itself: a body, a line, an outline; null for a sign alone. */
  body: Geometry | null
  /** Around a point. */
  reach: Geometry | null
  /** Where its name stands. */
  at: LonLat
}

/** The points that somebody set, without the one that closes a ring. */
export function pointsOf(geometry: Geometry): LonLat[] {
  const list: Position[] = geometry.type === 'Point' ? [geometry.coordinates] : geometry.type === 'LineString' ? geometry.coordinates : geometry.type === 'Polygon' ? geometry.coordinates[0]!.slice(0, -1) : []
  return list.map(lonLat)
}

/** The geometry that is kept of some points; null while they are too few. */
export function geometryOf(kind: MarkingKind, points: readonly LonLat[]): Geometry | null {
  const { shape } = kinds[kind]
  if (shape === 'point') return points[0] ? { type: 'Point', coordinates: points[0] } : null
  if (shape === 'line') return points.length > 1 ? { type: 'LineString', coordinates: [...points] } : null
  return points.length > 2 ? { type: 'Polygon', coordinates: [[...points, points[0]!]] } : null
}

export function shapeOf({ kind, size, radius_m, geometry }: Drawable): Drawn | null {
  const points = pointsOf(geometry)
  const first = points[0]
  if (!first || !kinds[kind]) return null
  const { form, shape } = kinds[kind]
  if (shape === 'point') return { body: null, reach: radius_m > 0 ? circle(first, radius_m) : null, at: first }
  if (shape === 'area') return { body: geometry, reach: null, at: anchorOf(geometry) ?? first }
  const { flat, ground } = planeAt(first)
  const way = points.map(flat)
  const curve = smooth(way)
  if (curve.length < 2) return null
  const at = ground(middle(curve))
  const ringOf = (ring: readonly Flat[] | null): Geometry | null => ring && { type: 'Polygon', coordinates: [ring.map(ground)] }
  if (form === 'attack' || form === 'route' || form === 'arrow') return { body: ringOf(arrow(way, arrowForms[form], size)), reach: null, at }
  return { body: { type: 'LineString', coordinates: curve.map(ground) }, reach: null, at }
}
