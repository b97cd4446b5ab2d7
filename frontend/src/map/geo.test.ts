import fc from 'fast-check'
import { expect, it } from 'vitest'
import { anchorOf, boundsOf, circle, destination, project, wedge } from './geo'
import type { LonLat } from './types'

/** Great-circle distance, metres. */
function distance([lon0, lat0]: LonLat, [lon1, lat1]: LonLat): number {
  const rad = Math.PI / 180
  const a = Math.sin(((lat1 - lat0) * rad) / 2) ** 2 + Math.cos(lat0 * rad) * Math.cos(lat1 * rad) * Math.sin(((lon1 - lon0) * rad) / 2) ** 2
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(a))
}

it('goes the distance in the direction', () => {
  fc.assert(
    fc.property(fc.double({ min: -170, max: 170, noNaN: true }), fc.double({ min: -70, max: 70, noNaN: true }), fc.double({ min: 1, max: 5000, noNaN: true }), fc.double({ min: 0, max: 360, noNaN: true }), (lon, lat, m, bearing) => {
      expect(distance([lon, lat], destination([lon, lat], m, bearing))).toBeCloseTo(m, 1)
    }),
  )
  const [lon, lat] = destination([119.7, 29.8], 1000, 90)
  expect(lon).toBeGreaterThan(119.7)
  expect(lat).toBeCloseTo(29.8, 3)
})

it('draws what a camera sees as a closed sector from its place', () => {
  const at: LonLat = [119.7, 29.8]
  const [ring] = wedge(at, 90, 60, 100).coordinates
  expect(ring![0]).toEqual(at)
  expect(ring!.at(-1)).toEqual(at)
  for (const p of ring!.slice(1, -1)) {
    expect(distance(at, p as LonLat)).toBeCloseTo(100, 1)
    expect(p[0]).toBeGreaterThan(at[0]) // eastward
  }
})

it('draws a camera that sees all around as a circle without spokes', () => {
  const at: LonLat = [119.7, 29.8]
  const [ring] = circle(at, 500).coordinates
  expect(ring).not.toContainEqual(at)
  expect(ring!.length).toBeGreaterThan(60)
})

it('finds the middle of a polygon, and of the larger part of two', () => {
  const square = (x: number, size: number) => [[[x, 0], [x + size, 0], [x + size, size], [x, size], [x, 0]]]
  const close = (p: LonLat | null, x: number, y: number) => {
    expect(p![0]).toBeCloseTo(x)
    expect(p![1]).toBeCloseTo(y)
  }
  close(anchorOf({ type: 'Polygon', coordinates: square(10, 2) }), 11, 1)
  close(anchorOf({ type: 'MultiPolygon', coordinates: [square(0, 1), square(10, 4)] }), 12, 2)
  close(anchorOf({ type: 'LineString', coordinates: [[0, 0], [4, 2]] }), 2, 1)
  expect(anchorOf(null)).toBeNull()
  expect(boundsOf({ type: 'MultiPolygon', coordinates: [square(0, 1), square(10, 4)] })).toEqual([0, 0, 14, 4])
  expect(boundsOf({ type: 'Polygon', coordinates: [] })).toBeNull()
})

it('projects to the pixels of Web Mercator', () => {
  expect(project([0, 0], 0)).toEqual({ x: 256, y: 256 })
  expect(project([180, 85.0511287798066], 1).x).toBeCloseTo(1024)
  expect(project([180, 85.0511287798066], 1).y).toBeCloseTo(0, 5)
})
