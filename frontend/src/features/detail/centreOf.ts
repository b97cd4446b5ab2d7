import type { Geometry } from 'geojson'
import type { LonLat } from '../../lib/geo'

/** The middle of a geometry's bounding box: good enough to ask what is near. Null for nothing. */
export function centreOf(geometry: Geometry | null): LonLat | null {
  let west = Infinity
  let south = Infinity
  let east = -Infinity
  let north = -Infinity
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return
    if (typeof value[0] === 'number' && typeof value[1] === 'number') {
      west = Math.min(west, value[0])
      east = Math.max(east, value[0])
      south = Math.min(south, value[1])
      north = Math.max(north, value[1])
    } else value.forEach(visit)
  }
  if (!geometry) return null
  if (geometry.type === 'GeometryCollection') geometry.geometries.forEach((part) => 'coordinates' in part && visit(part.coordinates))
  else visit(geometry.coordinates)
  return west === Infinity ? null : [(west + east) / 2, (south + north) / 2]
}
