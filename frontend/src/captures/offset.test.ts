import { describe, expect, test } from 'vitest'
import { metresBetween } from '../lib/geo'
import { moved, verdictOn } from './offset'

describe('B is moved by itself', () => {
  test('where it is safe', () => {
    expect(verdictOn({ east_m: 1.2, north_m: -0.4, quality: 0.6 })).toBe('safe')
    expect(verdictOn({ east_m: 1.2, north_m: -0.4, quality: 0.2 })).toBe('unsure')
    expect(verdictOn({ east_m: 4, north_m: 4, quality: 0.9 })).toBe('far')
    expect(verdictOn({ east_m: 0.01, north_m: 0, quality: 0.9 })).toBe('near')
  })
  test('by as many metres', () => {
    const at: [number, number] = [119.69, 29.8]
    const there = moved(at, 3, -4)
    expect(metresBetween(at, there)).toBeCloseTo(5, 1)
    expect(there[0]).toBeGreaterThan(at[0])
    expect(there[1]).toBeLessThan(at[1])
    expect(moved(there, -3, 4)[1]).toBeCloseTo(at[1], 9)
  })
})
