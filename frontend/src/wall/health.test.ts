import { describe, expect, test } from 'vitest'
import { type Moment, TURN_MS, hangs, quiet } from './health'
import { aloneFor, partOf } from './slice'

test('a page whose picture stands still is loaded again, not one that loads or that nobody sees', () => {
  expect(hangs({ age: 600_000, frameAge: 31_000, visible: true })).toBe(true)
  expect(hangs({ age: 600_000, frameAge: 29_000, visible: true })).toBe(false)
  expect(hangs({ age: 50_000, frameAge: 50_000, visible: true })).toBe(false)
  expect(hangs({ age: 600_000, frameAge: 600_000, visible: false })).toBe(false)
})

describe('a new release', () => {
  const calm: Moment = { now: 0, until: 60_000, whole: true, jumped: false, grave: false, waited: 1000, screen: 0, screens: 4 }
  test('is taken at a quiet moment', () => {
    expect(quiet(calm)).toBe(true)
    expect(quiet({ ...calm, until: NaN })).toBe(true) // held
    expect(quiet({ ...calm, whole: false })).toBe(false)
    expect(quiet({ ...calm, jumped: true })).toBe(false)
    expect(quiet({ ...calm, grave: true })).toBe(false)
    expect(quiet({ ...calm, until: 10_000 })).toBe(false)
  })
  test('is taken after a day however grave, but not while a case is shown', () => {
    expect(quiet({ ...calm, grave: true, until: 10_000, waited: 25 * 3600_000 })).toBe(true)
    expect(quiet({ ...calm, jumped: true, waited: 25 * 3600_000 })).toBe(false)
  })
  test('is taken by one screen after the other', () => {
    for (let now = 0; now < 200_000; now += 1700) {
      const taking = [0, 1, 2, 3].filter((screen) => quiet({ ...calm, now, until: NaN, screen }))
      expect(taking).toEqual([Math.floor(now / TURN_MS) % 4])
    }
  })
})

test('a part of a scene is a wall of its own screens', () => {
  const view = { center: [0, 0], zoom: 10, pitch: 0, bearing: 0, hidden: [] }
  const parts = [{ row: 1, column: 2, rows: 2, columns: 2, ...view }]
  const layout = { rows: 2, columns: 3, width: 100, height: 50, gap_x: 4, gap_y: 2, unit: 'px' as const, pitch_mm: 1 }
  expect(partOf(parts, 1, 1)).toBeNull()
  expect(partOf(undefined, 1, 2)).toBeNull()
  expect(partOf(parts, 2, 3)).toBe(parts[0])
  expect(aloneFor(layout, parts[0]!, 2, 3)).toEqual({ whole: { width: 204, height: 102 }, x: 104, y: 52, width: 100, height: 50 })
})
