import { expect, test } from 'vitest'
import { heatSteps, intensityOf, metresPerPixel, peakDensity, roundUp, sigmaKm } from './heat'

test('a pixel is as large as the map says', () => {
  expect(metresPerPixel(0, 0)).toBeCloseTo(78271.5, 1)
  expect(metresPerPixel(10, 60)).toBeCloseTo(78271.5 / 1024 / 2, 2)
})

test('one case is a hill of one case: its integral is 1', () => {
  const sigma = 0.4
  const top = peakDensity([{ point: [119.7, 29.8], count: 1 }], sigma)
  let sum = 0
  const step = 0.02
  for (let x = -3; x < 3; x += step) for (let y = -3; y < 3; y += step) sum += top * Math.exp(-(x * x + y * y) / (2 * sigma * sigma)) * step * step
  expect(sum).toBeCloseTo(1, 2)
})

test('cases at one place add up, and those out of reach do not', () => {
  const one = peakDensity([{ point: [119.7, 29.8], count: 1 }], 0.4)
  expect(peakDensity([{ point: [119.7, 29.8], count: 3 }, { point: [119.7, 29.8], count: 2 }], 0.4)).toBeCloseTo(5 * one)
  expect(peakDensity([{ point: [119.7, 29.8], count: 1 }, { point: [119.8, 29.8], count: 1 }], 0.4)).toBeCloseTo(one)
  expect(peakDensity([], 0.4)).toBe(0)
})

test('the ramp ends at its top', () => {
  const sigma = sigmaKm(30, 11, 29.8)
  // what MapLibre adds up at a place of `top` cases in a km²
  const density = 0.3989422804014327 * intensityOf(12, sigma) * 12 * 2 * Math.PI * sigma * sigma
  expect(density).toBeCloseTo(1)
})

test.each([[0.26, 0.3], [1, 1], [1.3, 1.5], [7, 8], [51, 60], [0, 1]])('%d is rounded up to %d', (value, want) => expect(roundUp(value)).toBeCloseTo(want))

test('steps go up', () => expect(heatSteps(10).map(({ from }) => from)).toEqual([1, 2, 4, 6, 8]))
