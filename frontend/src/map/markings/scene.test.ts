import { expect, it } from 'vitest'
import { tokens } from '../../tokens/tokens'
import { kindNames, kinds } from './kinds'
import { markingLayers } from './layers'
import { featuresOf, drawingsShown } from './scene'
import type { Drawable } from './shapes'

const hazard: Drawable = { kind: 'hazard', standing: 'planned', label: '储罐', rotation_deg: 30, size: 2, radius_m: 300, geometry: { type: 'Point', coordinates: [119.68, 29.79] } }

it('draws a sign with its reach, and says what is planned in words', () => {
  const [reach, at] = featuresOf(7, hazard, 'zh')
  expect([reach!.id, reach!.geometry.type, reach!.properties.part]).toEqual([28, 'Polygon', 'reach'])
  expect([at!.id, at!.properties.text, at!.properties.icon, at!.properties.side]).toEqual([30, '储罐（计划）', 'marking-hazard-planned', 'hazard'])
  expect(featuresOf(7, { ...hazard, standing: 'actual', radius_m: 0 }, 'en').map(({ properties }) => properties.text)).toEqual(['储罐'])
  const line = featuresOf(8, { ...hazard, kind: 'attack_arrow', radius_m: 0, geometry: { type: 'LineString', coordinates: [[119.68, 29.79], [119.69, 29.8]] } }, 'en')
  expect(line.map(({ properties }) => properties.part)).toEqual(['body', 'at'])
  expect(line[1]!.properties.text).toBe('储罐 (intended)')
  expect(featuresOf(9, { ...hazard, kind: 'later' as never }, 'zh')).toEqual([]) // of a newer server
})

it('shows the drawing of the chosen case and of the areas, and what nobody has hidden else', () => {
  const shown = (incident: number | null, ...hidden: number[]) => [...drawingsShown([0, 7, 7, 9], { incident, hidden: new Set(hidden) })]
  expect(shown(null)).toEqual([0, 7, 9])
  expect(shown(7)).toEqual([0, 7])
  expect(shown(8)).toEqual([0, 7, 9]) // it has none: the others stay
  expect(shown(null, 0, 9)).toEqual([7])
  expect(shown(7, 7)).toEqual([0])
})

it('tells standing by the line and side by the frame, never by colour alone', () => {
  const layers = markingLayers(tokens.dark, 1, true)
  const paint = (id: string) => (layers.find((layer) => layer.id === id) as { paint: Record<string, unknown> }).paint
  expect(paint('marking-planned')['line-dasharray']).toBeDefined()
  expect(paint('marking-actual')['line-dasharray']).toBeUndefined()
  for (const kind of kindNames) if (kinds[kind].shape === 'point' && kind !== 'text') expect(kinds[kind].sign, kind).toBeTruthy()
  expect(markingLayers(tokens.light, 1, false).every(({ layout }) => layout!.visibility === 'none')).toBe(true)
})
