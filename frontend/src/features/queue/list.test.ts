import { expect, test } from 'vitest'
import { steppedTo } from './List'

test.each([
  ['ArrowDown', 3, 4], ['ArrowDown', 9, 9], ['ArrowDown', -1, 0], ['ArrowUp', 3, 2], ['ArrowUp', 0, 0], ['ArrowUp', -1, 0],
  ['PageDown', 3, 7], ['PageDown', 8, 9], ['PageUp', 8, 4], ['PageUp', 2, 0], ['Home', 5, 0], ['End', 5, 9],
] as const)('%s from row %i of ten goes to row %i', (key, chosen, want) => {
  expect(steppedTo({ key, altKey: false, ctrlKey: false, metaKey: false }, chosen, 9, 4)).toBe(want)
})

test('other keys, those with a modifier and an empty list go nowhere', () => {
  const plain = { altKey: false, ctrlKey: false, metaKey: false }
  expect(steppedTo({ key: 'j', ...plain }, 3, 9, 4)).toBeNull()
  expect(steppedTo({ key: 'ArrowDown', ...plain, altKey: true }, 3, 9, 4)).toBeNull()
  expect(steppedTo({ key: 'End', ...plain }, -1, -1, 4)).toBeNull()
})
