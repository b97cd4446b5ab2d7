import type { Map as MapLibre } from 'maplibre-gl'
import { expect, it, vi } from 'vitest'
import { drawSkyInSight } from './horizon'

it('draws the sky from where it comes into sight, by one hand for all maps', () => {
  const sky = vi.fn()
  const drawFunctions = { sky }
  const maps = [1, 2].map(() => ({ painter: { drawFunctions } }) as unknown as MapLibre)
  maps.forEach(drawSkyInSight)
  const at = (pitch: number): number => {
    sky.mockClear()
    drawFunctions.sky('mesh', { transform: { pitch } })
    return sky.mock.calls.length
  }
  expect([0, 54, 59.9, 60, 68, 70].map(at)).toEqual([0, 0, 0, 1, 1, 1])
})
