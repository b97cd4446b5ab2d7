import { expect, test } from 'vitest'
import { type Flow, MOST_ARROWS, arrowsOf, bowed } from './flows'

const flow = (from: number, to: number, tasks: number): Flow => ({ from, to, tasks, cases: tasks })
const place = (id: number) => (id < 100 ? [119 + id / 10, 29.8] : undefined)

test('there and back are two lines', () => {
  const there = bowed([119, 29.8], [119.2, 29.8])
  const back = bowed([119.2, 29.8], [119, 29.8])
  expect(there[12]![1]).toBeLessThan(29.8)
  expect(back[12]![1]).toBeGreaterThan(29.8)
  expect(there[0]![0]).toBeCloseTo(119, 1)
})

test('only flows between two known areas are arrows, the widest the largest', () => {
  const arrows = arrowsOf([flow(1, 2, 10), flow(2, 2, 50), flow(0, 1, 30), flow(1, 400, 20), flow(2, 1, 1)], place)
  expect(arrows.map(({ flow: { from, to } }) => [from, to])).toEqual([[2, 1], [1, 2]])
  expect(arrows.map(({ width }) => width)).toEqual([1, 5])
  expect(arrowsOf(Array.from({ length: 99 }, (_, i) => flow(i + 1, ((i + 1) % 99) + 1, 3)), place)).toHaveLength(MOST_ARROWS)
})
