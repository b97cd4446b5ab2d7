import geographic from 'geographiclib-geodesic'
import type { LonLat } from '../../map/types'

const earth = geographic.Geodesic.WGS84

/** Metres along the shortest way over the ellipsoid. */
export const metres = (a: LonLat, b: LonLat): number => earth.Inverse(a[1], a[0], b[1], b[0]).s12!

/** The length of each leg of a way, metres. */
export const legs = (way: readonly LonLat[]): number[] => way.slice(1).map((to, i) => metres(way[i]!, to))

export const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

/** Square metres on the ellipsoid and metres around of a closed shape, whichever way round it is drawn. */
export function surface(ring: readonly LonLat[]): { area: number; around: number } {
  const polygon = earth.Polygon(false)
  for (const [lon, lat] of ring) polygon.AddPoint(lat, lon)
  const { area, perimeter } = polygon.Compute(false, true)
  return { area: Math.abs(area ?? 0), around: perimeter }
}

/** A mu 亩 is a fifteenth of a hectare. */
export const MU_M2 = 10_000 / 15
export const mu = (m2: number) => m2 / MU_M2

/** Places along the shortest way from a to b, both ends among them, no farther apart than `step` metres; at most `most` of them. */
export function along(a: LonLat, b: LonLat, step: number, most = 64): { at: LonLat; d: number }[] {
  const line = earth.InverseLine(a[1], a[0], b[1], b[0])
  const n = Math.max(1, Math.min(most - 1, Math.ceil(line.s13 / step)))
  return Array.from({ length: n + 1 }, (_, i) => {
    const { lat2, lon2 } = line.Position((line.s13 * i) / n)
    return { at: [lon2!, lat2!], d: (line.s13 * i) / n }
  })
}

/** The circle of a radius in metres around a place, as a closed ring. */
export const ring = ([lon, lat]: LonLat, radius: number): LonLat[] =>
  Array.from({ length: 73 }, (_, i) => {
    const { lat2, lon2 } = earth.Direct(lat, lon, i * 5, radius)
    return [lon2!, lat2!]
  })
