import type { LonLat } from '../../lib/geo'

/** Where a camera stands and what it sees of the ground. */
export interface Wedge {
  point: LonLat
  /** Degrees clockwise from north. */
  azimuth: number
  /** Degrees. */
  fov: number
  /** Metres. */
  range: number
}

/** What of a wedge can be taken hold of. `left` and `right` are its two sides. */
export type Handle = 'point' | 'azimuth' | 'range' | 'left' | 'right'
export const handles: readonly Handle[] = ['point', 'azimuth', 'range', 'left', 'right']

export const limits = { fov: [1, 360], range: [5, 20_000] } as const
const radians = Math.PI / 180
const perDegree = 111_320

/** Metres east and north of a place, on the ground around it. */
export function metresFrom(from: LonLat, to: LonLat): [number, number] {
  return [(to[0] - from[0]) * perDegree * Math.cos(from[1] * radians), (to[1] - from[1]) * perDegree]
}

/** The place so many metres off in a direction. */
export function offset([lon, lat]: LonLat, azimuth: number, metres: number): LonLat {
  const a = azimuth * radians
  return [lon + (metres * Math.sin(a)) / (perDegree * Math.cos(lat * radians)), lat + (metres * Math.cos(a)) / perDegree]
}

const within = (value: number, [least, most]: readonly [number, number]) => Math.min(most, Math.max(least, value))
/** Whole degrees, 0 to 359. */
export const turn = (degrees: number) => ((Math.round(degrees) % 360) + 360) % 360
/** How far one direction is from another, clockwise, −180 to 180. */
const between = (a: number, b: number) => ((b - a + 540) % 360) - 180

/** The wedge after a handle was pulled to a place. */
export function pull(wedge: Wedge, handle: Handle, to: LonLat): Wedge {
  if (handle === 'point') return { ...wedge, point: to }
  const [east, north] = metresFrom(wedge.point, to)
  const far = Math.hypot(east, north)
  if (far < 0.5) return wedge // no direction
  const direction = Math.atan2(east, north) / radians
  if (handle === 'azimuth') return { ...wedge, azimuth: turn(direction) }
  if (handle === 'range') return { ...wedge, range: within(Math.round(far), limits.range) }
  return { ...wedge, fov: within(Math.round(2 * Math.abs(between(wedge.azimuth, direction))), limits.fov) }
}

/** The wedge after an arrow key on a handle; null is a key that does nothing to it. Shift takes large steps. */
export function nudge(wedge: Wedge, handle: Handle, key: string, large: boolean): Wedge | null {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key]
  if (!way) return null
  const [x, y] = way as [number, number]
  const step = x + y // right and up are more
  switch (handle) {
    case 'point':
      return { ...wedge, point: offset(wedge.point, x ? 90 * x : y > 0 ? 0 : 180, large ? 10 : 1) }
    case 'azimuth':
      return { ...wedge, azimuth: turn(wedge.azimuth + step * (large ? 10 : 1)) }
    case 'range':
      return { ...wedge, range: within(wedge.range + step * (large ? 50 : 5), limits.range) }
    default:
      return { ...wedge, fov: within(wedge.fov + step * (large ? 10 : 1), limits.fov) }
  }
}

/** The outline of a wedge on the ground. */
export function outline({ point, azimuth, fov, range }: Wedge): LonLat[] {
  const steps = Math.max(2, Math.ceil(fov / 4))
  const arc = Array.from({ length: steps + 1 }, (_, i) => offset(point, azimuth - fov / 2 + (fov * i) / steps, range))
  return fov >= 360 ? arc : [point, ...arc, point]
}

/** What a patch of the registry holds: what was changed, and nothing else. */
export function patchOf(was: Partial<Wedge>, is: Wedge): { geometry?: { type: 'Point'; coordinates: LonLat }; properties: Record<string, number> } {
  const properties: Record<string, number> = {}
  if (was.azimuth !== is.azimuth) properties.azimuth_deg = is.azimuth
  if (was.fov !== is.fov) properties.fov_deg = is.fov
  if (was.range !== is.range) properties.range_m = is.range
  const moved = was.point?.[0] !== is.point[0] || was.point[1] !== is.point[1]
  return { ...(moved && { geometry: { type: 'Point' as const, coordinates: is.point } }), properties }
}
