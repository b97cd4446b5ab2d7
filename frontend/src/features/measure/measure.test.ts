import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metresBetween } from '../../lib/geo'
import type { LonLat } from '../../map/types'
import { along, legs, metres, mu, ring, sum, surface } from './geodesy'
import { climb, sight } from './profile'

const place = fc.tuple(fc.double({ min: 118, max: 121, noNaN: true }), fc.double({ min: 28, max: 31, noNaN: true })) as fc.Arbitrary<LonLat>

describe('on the ellipsoid', () => {
  test('a degree of the meridian and of the parallel at 30° N are as long as the tables say', () => {
    expect(metres([120, 29.5], [120, 30.5])).toBeCloseTo(110_852.4, 0)
    expect(metres([119.5, 30], [120.5, 30])).toBeCloseTo(96_486.0, -1)
  })

  test('a square minute at 30° N', () => {
    const m = 1 / 60
    const { area, around } = surface([[120, 30], [120 + m, 30], [120 + m, 30 + m], [120, 30 + m]])
    expect(area / (metres([120, 30], [120, 30 + m]) * metres([120, 30 + m / 2], [120 + m, 30 + m / 2]))).toBeCloseTo(1, 5)
    expect(around).toBeCloseTo(sum(legs([[120, 30], [120 + m, 30], [120 + m, 30 + m], [120, 30 + m], [120, 30]])), 3)
  })

  test('a way and a triangle near Tonglu are as PostGIS has them on its geography', () => {
    const way: LonLat[] = [[119.68480785545711, 29.845079995767705], [119.70800298892038, 29.84065060568163], [119.70664338201391, 29.82377699478758]]
    expect(legs(way)[0]).toBeCloseTo(2294.675, 3)
    expect(legs(way)[1]).toBeCloseTo(1875.043, 3)
    expect(surface(way).area).toBeCloseTo(2_128_545.6, 0)
    expect(mu(surface(way).area)).toBeCloseTo(3192.818, 2)
  })

  test('a hectare has fifteen mu', () => expect(mu(10_000)).toBeCloseTo(15, 9))

  test('distances are those of a sphere within half a percent, the same both ways, and no detour is shorter', () =>
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        const d = metres(a, b)
        expect(Math.abs(d - metresBetween(a, b))).toBeLessThan(d * 0.006 + 0.001)
        expect(Math.abs(d - metres(b, a))).toBeLessThan(1e-6)
        expect(metres(a, c) + metres(c, b)).toBeGreaterThan(d - 1e-6)
      }),
    ))

  test('an area does not know which way round it was drawn', () =>
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        const once = surface([a, b, c]).area
        expect(Math.abs(once - surface([c, b, a]).area)).toBeLessThan(once * 1e-9 + 1e-3)
      }),
    ))

  test('a way cut into steps is as long as it was, and a circle is a circle', () =>
    fc.assert(
      fc.property(place, place, fc.double({ min: 50, max: 5_000, noNaN: true }), (a, b, step) => {
        const points = along(a, b, step)
        expect(points.length).toBeLessThanOrEqual(64)
        expect(Math.abs(sum(legs(points.map(({ at }) => at))) - metres(a, b))).toBeLessThan(1e-3)
        for (const at of ring(a, step)) expect(Math.abs(metres(a, at) - step)).toBeLessThan(1e-6)
      }),
    ))
})

describe('over the ground', () => {
  const ground = (...heights: number[]) => heights.map((h, i) => ({ d: i * 100, h }))

  test('up and down are counted apart, small steps of the grid not at all', () => {
    expect(climb(ground(10, 30, 20, 20.2, 50))).toEqual({ least: 10, most: 50, up: 50, down: 10 })
    expect(climb(ground(5))).toEqual({ least: 5, most: 5, up: 0, down: 0 })
  })

  test('a hill hides, its top is told, and whoever stands higher sees over it', () => {
    expect(sight(ground(10, 40, 60, 10), 1.7, 1.7)).toEqual({ sees: false, blockedAt: { d: 200, h: 60 } })
    expect(sight(ground(10, 40, 60, 10), 200, 1.7).sees).toBe(true)
    expect(sight(ground(10, 10, 10), 1.7, 1.7).sees).toBe(true)
  })

  test('over a flat 20 km the curve of the earth hides what is low', () => {
    const flat = Array.from({ length: 201 }, (_, i) => ({ d: i * 100, h: 0 }))
    expect(sight(flat, 1.7, 1.7).sees).toBe(false)
    expect(sight(flat, 10, 10).sees).toBe(true)
  })
})
