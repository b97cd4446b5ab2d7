import { describe, expect, it } from 'vitest'
import { topFor, windowOf } from './useWindow'

describe('windowOf', () => {
  it.each([
    [0, 400, 40, 100, [0, 16]],
    [4000, 400, 40, 1000, [94, 116]],
    [4001, 400, 40, 1000, [94, 117]],
    [0, 400, 40, 3, [0, 3]],
    [0, 0, 40, 0, [0, 0]],
    [9000, 400, 40, 20, [20, 20]], // the list became shorter than where it stands
  ] as const)('from %d, %d high, rows of %d, %d of them', (top, height, row, count, want) => {
    expect(windowOf(top, height, row, count)).toEqual(want)
  })
})

describe('topFor', () => {
  it.each([
    [0, 200, 400, 0], // above
    [5, 200, 400, 200], // seen
    [14, 200, 400, 200], // the last that is seen
    [15, 200, 400, 240], // below
  ] as const)('row %d of a list that stands at %d', (index, top, height, want) => {
    expect(topFor(index, top, height, 40)).toBe(want)
  })
})
