import { expect, test } from 'vitest'
import type { Area } from '../api/types'
import { ownAreas } from './areas'

test('an area is chosen from one’s own, and no village', () => {
  const tree = ([['c', 'county'], ['c.t1', 'town'], ['c.t1.v', 'village'], ['c.t10', 'town']] as const).map(([path, level], id) => ({ id, path, level, name: path }) as unknown as Area)
  const of = (...own: string[]) => {
    const { areas, everywhere, home } = ownAreas(tree, own)
    return [areas.map(({ path }) => path).join(' '), everywhere, home]
  }
  expect(of('*')).toEqual(['c c.t1 c.t10', true, ''])
  expect(of('c')).toEqual(['c c.t1 c.t10', false, 'c'])
  expect(of('c.t1')).toEqual(['c.t1', false, 'c.t1'])
  expect(of('c.t1.v')).toEqual(['', false, 'c.t1.v'])
  expect(of()).toEqual(['', false, ''])
})
