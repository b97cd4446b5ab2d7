import { describe, expect, test } from 'vitest'
import { metres } from '../features/measure/geodesy'
import type { LonLat } from '../map/types'
import { barOf, denominatorOf, dms, fitting, graticuleStep, groundOfPlane, placeAt, roundUp, scales, ticksOf, zoomOf } from './scale'

describe('the scale on paper', () => {
  test.each([
    // latitude, denominator: 100 mm on paper measured on the ellipsoid, along the parallel and along the meridian
    [0, 10_000], [18.2, 25_000], [29.8, 2000], [29.8, 10_000], [29.8, 100_000], [39.9, 50_000], [53.5, 100_000],
  ])('at %f° N, 1:%i: a hundred millimetres are what they say to 0.35 percent, and the mean of both directions to 0.02 percent', (latitude, denominator) => {
    const center: LonLat = [119.7, latitude]
    const across = metres(placeAt(center, denominator, 0, -50, 0), placeAt(center, denominator, 0, 50, 0))
    const up = metres(placeAt(center, denominator, 0, 0, 50), placeAt(center, denominator, 0, 0, -50))
    const said = denominator / 10
    expect(Math.abs(across / said - 1)).toBeLessThan(0.0035)
    expect(Math.abs(up / said - 1)).toBeLessThan(0.0035)
    expect(Math.abs(Math.sqrt(across * up) / said - 1)).toBeLessThan(0.0002)
  })

  test('in the county it is true within 0.3 % whatever the direction', () => {
    for (let bearing = 0; bearing < 180; bearing += 15) {
      const d = metres(placeAt([119.69, 29.8], 10_000, bearing, -150, 0), placeAt([119.69, 29.8], 10_000, bearing, 150, 0))
      expect(Math.abs(d / 3000 - 1), `bearing ${bearing}`).toBeLessThan(0.003)
    }
  })

  test('zoom and scale are each other’s inverse', () => {
    for (const scale of scales) expect(denominatorOf(zoomOf(scale, 29.8), 29.8)).toBeCloseTo(scale, 6)
    expect(zoomOf(2000, 29.8) - zoomOf(4000, 29.8)).toBeCloseTo(1, 9)
  })

  test('the zoom of 1:10,000 in the county, and the metres of the plane at the equator and at 60° N', () => {
    expect(zoomOf(10_000, 29.8)).toBeCloseTo(14.647, 2)
    expect(groundOfPlane(0)).toBeCloseTo(Math.sqrt(1 - 0.00669438), 6)
    expect(groundOfPlane(60)).toBeCloseTo(0.5, 2)
  })

  test.each([[23_417, 24_000], [24_000, 24_000], [99_001, 100_000], [1001, 1100], [250_000, 250_000]])('1:%i is rounded up to 1:%i', (is, rounded) => expect(roundUp(is)).toBe(rounded))

  test('what a screen shows fits on the paper, and not on a scale that is a tenth larger', () => {
    const [screen, paper] = [{ width: 1200, height: 800 }, { width: 334, height: 250 }]
    const denominator = fitting(13, 29.8, screen, paper)
    const shown = (denominatorOf(13, 29.8) * 25.4) / 96
    expect(denominator * paper.width).toBeGreaterThanOrEqual(shown * screen.width - 1)
    expect(denominator * paper.height).toBeGreaterThanOrEqual(shown * screen.height - 1)
    expect(denominator * 0.88 * Math.max(paper.width / screen.width, paper.height / screen.height)).toBeLessThan(shown * 1.4)
  })
})

test.each([
  [2000, 60, 100, 5, 50], [5000, 60, 200, 4, 40], [10_000, 60, 500, 5, 50], [25_000, 60, 1000, 5, 40], [50_000, 60, 2000, 4, 40], [100_000, 60, 5000, 5, 50], [24_000, 60, 1000, 5, 1000 / 24],
])('1:%i with %i mm of room has a bar of %i m in %i parts, %f mm long', (denominator, most, m, parts, mm) => {
  const bar = barOf(denominator, most)
  expect(bar.metres).toBe(m)
  expect(bar.parts).toBe(parts)
  expect(bar.mm).toBeCloseTo(mm, 9)
})

test.each([
  [119.685, 'lon', '119°41′06.0″E'], [29.797222222, 'lat', '29°47′50.0″N'], [-0.5, 'lat', '0°30′00.0″S'], [29.9999999, 'lat', '30°00′00.0″N'], [-70.25, 'lon', '70°15′00.0″W'],
] as const)('%f of %s reads %s', (degrees, axis, text) => expect(dms(degrees, axis)).toBe(text))

describe('the graticule', () => {
  test.each([[0.5, 300 / 3600], [0.05, 30 / 3600], [0.01, 5 / 3600], [2, 900 / 3600]])('%f degrees are cut into steps of %f', (span, step) => expect(graticuleStep(span)).toBeCloseTo(step, 9))

  test('its ticks lie at round values, where the map has them', () => {
    const place = (x: number, y: number): LonLat => placeAt([119.69, 29.8], 10_000, 0, x - 167, y - 125)
    const ticks = ticksOf(334, 250, place)
    expect(new Set(ticks.map(({ edge }) => edge)).size).toBe(4)
    for (const { edge, at, axis, value } of ticks) {
      const [lon, lat] = place(edge === 'left' ? 0 : edge === 'right' ? 334 : at, edge === 'top' ? 0 : edge === 'bottom' ? 250 : at)
      expect(axis).toBe(edge === 'top' || edge === 'bottom' ? 'lon' : 'lat')
      expect(axis === 'lon' ? lon : lat).toBeCloseTo(value, 8)
    }
  })

  test('of a map that lies on its side, the upper edge tells latitudes', () => {
    const ticks = ticksOf(200, 200, (x, y) => placeAt([119.69, 29.8], 10_000, 90, x - 100, y - 100))
    expect(ticks.filter(({ edge }) => edge === 'top').every(({ axis }) => axis === 'lat')).toBe(true)
  })
})
