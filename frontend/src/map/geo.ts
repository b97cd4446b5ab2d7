import type { Geometry, Polygon, Position } from 'geojson'
import type { Bbox, LonLat } from './types'

const EARTH_M = 6_371_008.8
const rad = Math.PI / 180

/** The point `distanceM` metres from `from` on the sphere, `bearing` degrees clockwise from north. */
export function destination([lon, lat]: LonLat, distanceM: number, bearing: number): LonLat {
  const d = distanceM / EARTH_M
  const p = lat * rad
  const b = bearing * rad
  const sinP2 = Math.sin(p) * Math.cos(d) + Math.cos(p) * Math.sin(d) * Math.cos(b)
  const l = Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(p), Math.cos(d) - Math.sin(p) * sinP2)
  return [lon + l / rad, Math.asin(sinP2) / rad]
}

/** What a camera sees on flat ground: a sector, or a whole circle at 360°. */
export function wedge(center: LonLat, azimuth: number, fov: number, rangeM: number): Polygon {
  const full = fov >= 360
  const steps = Math.max(2, Math.ceil(fov / 5))
  const arc: Position[] = []
  for (let i = 0; i <= steps; i++) arc.push(destination(center, rangeM, azimuth - fov / 2 + (fov * i) / steps))
  const outline = full ? arc : [center, ...arc]
  return { type: 'Polygon', coordinates: [[...outline, outline[0]!]] }
}

/** A circle on the ground. */
export const circle = (center: LonLat, radiusM: number): Polygon => wedge(center, 0, 360, radiusM)

/** World pixels of Web Mercator at a zoom, tiles of 512 pixels. */
export function project([lon, lat]: LonLat, zoom: number): { x: number; y: number } {
  const world = 512 * 2 ** zoom
  const sin = Math.min(0.9999, Math.max(-0.9999, Math.sin(lat * rad)))
  return { x: (lon / 360 + 0.5) * world, y: (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * world }
}

/** A point to stand for a geometry: the point itself, or the area's centroid, which may lie outside a bent shape. */
export function anchorOf(geometry: Geometry | null): LonLat | null {
  switch (geometry?.type) {
    case 'Point':
      return lonLat(geometry.coordinates)
    case 'Polygon':
      return centroid(geometry.coordinates[0] ?? [])
    case 'MultiPolygon': {
      const largest = geometry.coordinates.map((polygon) => polygon[0] ?? []).sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)))[0]
      return largest ? centroid(largest) : null
    }
    case undefined:
      return null
    default: {
      const box = boundsOf(geometry!)
      return box && [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
    }
  }
}

export function boundsOf(geometry: Geometry): Bbox | null {
  const box: Bbox = [Infinity, Infinity, -Infinity, -Infinity]
  const visit = (coordinates: unknown): void => {
    if (!Array.isArray(coordinates)) return
    if (typeof coordinates[0] !== 'number') return coordinates.forEach(visit)
    const [lon, lat] = coordinates as [number, number]
    box[0] = Math.min(box[0], lon)
    box[1] = Math.min(box[1], lat)
    box[2] = Math.max(box[2], lon)
    box[3] = Math.max(box[3], lat)
  }
  if (geometry.type === 'GeometryCollection') for (const g of geometry.geometries) visit((g as { coordinates?: unknown }).coordinates)
  else visit(geometry.coordinates)
  return box[0] <= box[2] ? box : null
}

export const lonLat = (p: Position | number[]): LonLat => [p[0]!, p[1]!]

/** Twice the signed area of a ring in square degrees: good for comparing, not for measuring. */
function area(ring: Position[]): number {
  let sum = 0
  for (let i = 0; i < ring.length - 1; i++) sum += ring[i]![0]! * ring[i + 1]![1]! - ring[i + 1]![0]! * ring[i]![1]!
  return sum
}

function centroid(ring: Position[]): LonLat | null {
  const first = ring[0]
  if (!first) return null
  const [ox, oy] = lonLat(first) // near the origin: small shapes lose no digits
  let x = 0
  let y = 0
  let twice = 0
  for (let i = 0; i < ring.length - 1; i++) {
    const [ax, ay] = [ring[i]![0]! - ox, ring[i]![1]! - oy]
    const [bx, by] = [ring[i + 1]![0]! - ox, ring[i + 1]![1]! - oy]
    const cross = ax * by - bx * ay
    twice += cross
    x += (ax + bx) * cross
    y += (ay + by) * cross
  }
  return twice === 0 ? [ox, oy] : [ox + x / (3 * twice), oy + y / (3 * twice)]
}
