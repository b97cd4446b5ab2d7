import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import { describe, expect, test } from 'vitest'
import { contrast } from '../../tokens/contrast'
import { type Theme, tokens } from '../../tokens/tokens'
import type { Bbox } from '../types'
import { air, airAt } from './air'

const county: Bbox = [119.2, 29.5, 120, 30.1]
const hours = { night: -40, dusk: 0, morning: 8, noon: 60 }
/** Of an hour of the first day of spring, by the clock of Beijing. */
const at = (hour: number) => Date.parse('2026-03-20T00:00:00Z') + (hour - 8) * 3_600_000

describe.each(['dark', 'light'] as Theme[])('the air of the %s theme', (theme) => {
  test.each(Object.entries(hours))('is what MapLibre takes, by %s', (_, altitude) => {
    expect(validateStyleMin({ version: 8, sources: {}, layers: [], ...air(tokens[theme], { azimuth: 120, altitude }) })).toEqual([])
  })

  test('goes with the hour, and names can be read before it at every one', () => {
    const skies = Object.values(hours).map((altitude) => air(tokens[theme], { azimuth: 120, altitude }).sky)
    expect(new Set(skies.map((sky) => sky['horizon-color'])).size).toBe(skies.length)
    for (const sky of skies) {
      for (const behind of [sky['sky-color'], sky['horizon-color']]) expect(contrast(tokens[theme].map.label, behind as string)).toBeGreaterThan(4.5)
    }
  })
})

test('houses have a lit and a shaded wall at every hour: the light is never overhead nor level', () => {
  for (let hour = 0; hour < 24; hour += 0.5) {
    const [, azimuth, polar] = airAt(at(hour), county, tokens.dark).light.position as [number, number, number]
    expect(polar).toBeGreaterThanOrEqual(20)
    expect(polar).toBeLessThanOrEqual(65)
    expect(azimuth).toBeGreaterThanOrEqual(0)
  }
})

test('the light comes from the east in the morning, from the west in the evening, and is the same within a quarter of an hour', () => {
  const from = (hour: number) => (airAt(at(hour), county, tokens.dark).light.position as number[])[1]!
  expect(from(8)).toBeLessThan(130)
  expect(from(16)).toBeGreaterThan(230)
  expect(airAt(at(9), county, tokens.dark)).toEqual(airAt(at(9) + 14 * 60_000, county, tokens.dark))
})
