import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LonLat } from '../types'
import { type Flat, arrow, arrowForms, carried, lengthOf, middle, planeAt, smooth } from './geometry'
import { kindNames, kinds } from './kinds'
import { geometryOf, pointsOf, shapeOf } from './shapes'

const place = fc.record({ x: fc.integer({ min: -5000, max: 5000 }), y: fc.integer({ min: -5000, max: 5000 }) }).map(({ x, y }): Flat => [x, y])
const ways = fc.array(place, { minLength: 2, maxLength: 12 }).filter((way) => new Set(way.map(String)).size > 1)
const twiceArea = (ring: readonly Flat[]) => ring.slice(1).reduce((sum, b, i) => sum + ring[i]![0] * b[1] - b[0] * ring[i]![1], 0)

it('goes through every point, and stays finite however the points lie', () => {
  fc.assert(
    fc.property(ways, (way) => {
      const curve = smooth(way)
      expect(curve.flat().every(Number.isFinite)).toBe(true)
      for (const p of way) expect(curve.some((q) => Math.hypot(p[0] - q[0], p[1] - q[1]) < 1e-6)).toBe(true)
    }),
  )
})

it('makes a closed arrow whose tip is the last point', () => {
  fc.assert(
    fc.property(ways, fc.constantFrom(...Object.values(arrowForms)), fc.double({ min: 0.5, max: 3, noNaN: true }), (way, form, size) => {
      const last = way.findLast((p, i) => i === 0 || String(p) !== String(way[i - 1]))!
      const ring = arrow(way, form, size)!
      expect(ring[0]).toEqual(ring.at(-1))
      expect(ring.flat().every(Number.isFinite)).toBe(true)
      expect(ring.some((p) => Math.hypot(p[0] - last[0], p[1] - last[1]) < 1e-6)).toBe(true)
    }),
  )
})

it('makes a straight arrow the same on both sides, as wide as its size says', () => {
  const ring = arrow([[0, 0], [1000, 0]], arrowForms.attack)!
  const up = ring.filter(([, y]) => y > 0).length
  expect(ring.filter(([, y]) => y < 0).length).toBe(up - 1) // the first point closes the ring
  expect(Math.max(...ring.map(([, y]) => y))).toBeCloseTo(115)
  expect(Math.max(...arrow([[0, 0], [1000, 0]], arrowForms.attack, 2)!.map(([, y]) => y))).toBeCloseTo(230)
  expect(Math.abs(twiceArea(ring)) / 2).toBeGreaterThan(100_000)
  expect(ring.some(([x, y]) => x > 0 && x < 100 && y === 0)).toBe(true) // the tail is cut in
  expect(arrow([[0, 0], [0, 0]], arrowForms.arrow)).toBeNull()
})

it('finds the middle of a way and comes back from the plane', () => {
  expect(middle([[0, 0], [100, 0], [100, 100]])).toEqual([100, 0])
  expect(lengthOf([[0, 0], [3, 4]])).toBe(5)
  const { flat, ground } = planeAt([119.68, 29.79])
  const [lon, lat] = ground(flat([119.71, 29.75]))
  expect(lon).toBeCloseTo(119.71, 10)
  expect(lat).toBeCloseTo(29.75, 10)
})

it('draws every kind out of the points that are kept', () => {
  const set = [[119.68, 29.79], [119.69, 29.79], [119.69, 29.8]] as [number, number][]
  for (const kind of kindNames) {
    const points = set.slice(0, Math.min(3, kinds[kind].most))
    const geometry = geometryOf(kind, points)!
    expect(pointsOf(geometry), kind).toEqual(points)
    const drawn = shapeOf({ kind, standing: 'planned', label: '', rotation_deg: 0, size: 1, radius_m: kinds[kind].shape === 'point' ? 500 : 0, geometry })!
    expect(drawn.reach !== null, kind).toBe(kinds[kind].shape === 'point')
    expect(drawn.body !== null, kind).toBe(kinds[kind].shape !== 'point')
    expect(geometryOf(kind, []), kind).toBeNull()
  }
})

it('carries a shape as it is: what is between its points stays in metres, and the place that was taken hold of follows the hand', () => {
  const shape: LonLat[] = [[119.5, 29.8], [119.52, 29.81], [119.51, 29.83]]
  const moved = carried(shape, [119.51, 29.81], [119.71, 30.81]) // a degree to the north, where a degree of longitude is shorter
  expect([moved[0]![0] - 119.5, moved[0]![1] - 29.8].map((d) => d.toFixed(9))).toEqual(['0.200000000', '1.000000000'])
  const legs = (points: readonly LonLat[]) => {
    const { flat } = planeAt(points[0]!)
    return points.map((p) => flat(p).map(Math.round))
  }
  expect(legs(moved)).toEqual(legs(shape))
  expect(moved[1]![0] - moved[0]![0]).toBeGreaterThan(0.02)
  expect(carried([], [0, 0], [1, 1])).toEqual([])
})
