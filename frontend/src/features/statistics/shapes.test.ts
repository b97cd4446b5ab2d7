import { expect, test } from 'vitest'
import { drawShapes } from './shapes'

const square = (id: number, x: number): GeoJSON.Feature => ({ type: 'Feature', id, properties: null, geometry: { type: 'Polygon', coordinates: [[[x, 60], [x + 2, 60], [x + 2, 61], [x, 61], [x, 60]]] } })

test('shapes stand side by side, north up, as wide as they are on the ground', () => {
  const { viewBox, paths } = drawShapes({ type: 'FeatureCollection', features: [square(3, 10), square(4, 12)] })
  const [, , width, height] = viewBox.split(' ').map(Number) as [number, number, number, number]
  expect((width - 4) / (height - 4)).toBeCloseTo(4 * Math.cos((60.5 * Math.PI) / 180), 1)
  expect(paths.get(3)).toMatch(/^M0\.0,\d/)
  expect(paths.get(4)).toContain('200.0,0.0')
})

test('nothing is drawn of nothing', () => expect(drawShapes({ type: 'FeatureCollection', features: [] }).paths.size).toBe(0))
