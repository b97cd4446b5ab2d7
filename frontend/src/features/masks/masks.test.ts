import { expect, test } from 'vitest'
import { addCorner, arrow, dropCorner, maxCorners, moveCorner, moveMask, rectangle, shareOf, type Corner } from './masks'

const square = rectangle([0.5, 0.5], [0.25, 0.25])!

test('a rectangle is drawn from any corner, and a press is none', () => {
  expect(square).toEqual([[0.25, 0.25], [0.5, 0.25], [0.5, 0.5], [0.25, 0.5]])
  expect(rectangle([0.5, 0.5], [0.505, 0.9])).toBeNull()
  expect(rectangle([-0.2, 0.9], [0.3, 1.4])).toEqual([[0, 0.9], [0.3, 0.9], [0.3, 1], [0, 1]])
})

test('corners and masks stay in the picture', () => {
  expect(moveCorner(square, 1, [1.2, -0.1])[1]).toEqual([1, 0])
  expect(moveMask(square, 0.9, -0.9)).toEqual([[0.75, 0], [1, 0], [1, 0.25], [0.75, 0.25]])
  expect(moveMask(square, 0.01, 0)).toEqual([[0.26, 0.25], [0.51, 0.25], [0.51, 0.5], [0.26, 0.5]])
})

test('corners are added and dropped, never below three or above what is kept', () => {
  const five = addCorner(square, 3)
  expect(five).toHaveLength(5)
  expect(five[4]).toEqual([0.25, 0.375])
  expect(dropCorner(five, 4)).toEqual(square)
  expect(dropCorner(square.slice(0, 3), 0)).toBeNull()
  const most = Array.from({ length: maxCorners }, (_, i): Corner => [i / 100, 0])
  expect(addCorner(most, 0)).toBe(most)
})

test('shares and steps', () => {
  expect(shareOf(square)).toBeCloseTo(1 / 16)
  expect(arrow('ArrowUp', false)).toEqual([0, -0.005].map((v) => v + 0))
  expect(arrow('ArrowRight', true)![0]).toBeCloseTo(0.05)
  expect(arrow('a', false)).toBeNull()
})
