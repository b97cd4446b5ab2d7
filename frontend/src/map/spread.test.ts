import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FAN_MAX, type Sign, spread } from './spread'

const SPACING = 32
const signs = fc
  .array(fc.record({ x: fc.integer({ min: 0, max: 600 }), y: fc.integer({ min: 0, max: 300 }), weight: fc.integer({ min: 1, max: 4 }) }), { maxLength: 60 })
  .map((list): Sign[] => list.map((sign, i) => ({ ...sign, key: `incident/${i}` })))

it('hides no sign without counting it, and lets none cover another', () => {
  fc.assert(
    fc.property(signs, (list) => {
      const placed = spread(list, SPACING)
      expect(placed.size).toBe(list.length)
      expect([...placed.values()].reduce((sum, { count }) => sum + count, 0)).toBe(list.length)
      const shown = list.filter(({ key }) => placed.get(key)!.count > 0).map(({ key, x, y }) => ({ key, x: x + placed.get(key)!.dx, y: y + placed.get(key)!.dy }))
      for (const a of shown) {
        for (const b of shown) if (a.key < b.key) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(SPACING * 0.5)
      }
    }),
  )
})

it('does not depend on the order of the data', () => {
  const sorted = (list: Sign[]) => [...spread(list, SPACING)].sort(([a], [b]) => (a < b ? -1 : 1))
  fc.assert(
    fc.property(signs, (list) => {
      expect(sorted([...list].reverse())).toEqual(sorted(list))
    }),
  )
})

it('leaves a lone sign where it is', () => {
  expect(spread([{ key: 'a', x: 5, y: 5, weight: 1 }], SPACING).get('a')).toEqual({ dx: 0, dy: 0, count: 1 })
})

it('puts a few side by side, the most important in the middle', () => {
  const at = { x: 100, y: 100 }
  const placed = spread([{ key: 'c', weight: 3, ...at }, { key: 'a', weight: 1, ...at }, { key: 'b', weight: 2, ...at }], SPACING)
  expect(placed.get('a')).toEqual({ dx: 0, dy: 0, count: 1 })
  expect([placed.get('b')!.dx, placed.get('c')!.dx].map(Math.abs)).toEqual([SPACING, SPACING])
})

it('counts many at the most important one', () => {
  const many = Array.from({ length: FAN_MAX + 4 }, (_, i) => ({ key: `k${i}`, x: i, y: 0, weight: i === 5 ? 1 : 3 }))
  const placed = spread(many, SPACING)
  expect(placed.get('k5')).toEqual({ dx: 0, dy: 0, count: FAN_MAX + 4 })
  expect([...placed.values()].filter(({ count }) => count > 0)).toHaveLength(1)
})
