import { describe, expect, test } from 'vitest'
import { added, asText, closed, fromText, movedCorner, opened, splitEdge, withoutCorner } from './outline'

const square = [[[[119.6, 29.8], [119.61, 29.8], [119.61, 29.81], [119.6, 29.81]]]] as ReturnType<typeof opened>

describe('an outline as text', () => {
  test('comes back, with several polygons and holes', () => {
    const two = [...square, [[[120, 30], [121, 30], [120, 31]], [[120.2, 30.2], [120.3, 30.2], [120.2, 30.3]]]] as typeof square
    expect(fromText(asText(two))).toEqual({ outline: two })
    expect(asText(square)).toBe('119.6, 29.8\n119.61, 29.8\n119.61, 29.81\n119.6, 29.81')
  })
  test('is read as people write it', () => {
    expect(fromText(' 119.6 29.8\n119.61，29.8\n\n\n')).toEqual({ outline: [[[[119.6, 29.8], [119.61, 29.8]]]] })
    expect(fromText('')).toEqual({ outline: [] })
  })
  test('names the line that cannot be read', () => {
    expect(fromText('119.6, 29.8\n119.6')).toEqual({ line: 2, why: 'form' })
    expect(fromText('119.6, 29.8, 3')).toEqual({ line: 1, why: 'form' })
    expect(fromText('29.8, 119.6')).toEqual({ line: 1, why: 'swapped' })
    expect(fromText('here')).toEqual({ line: 1, why: 'form' })
  })
})

test('an outline is closed when each ring has three corners', () => {
  expect(closed([])).toBeNull()
  expect(closed([[[[119.6, 29.8], [119.61, 29.8]]]])).toBeNull()
  const shape = closed(square)!
  expect(shape.coordinates[0]![0]).toHaveLength(5)
  expect(opened(shape.coordinates)).toEqual(square)
})

test('corners are added, moved, taken away and put between two', () => {
  expect(added([], [119, 29])).toEqual([[[[119, 29]]]])
  expect(added(square, [119.605, 29.82])[0]![0]).toHaveLength(5)
  expect(movedCorner(square, [0, 0, 1], [119.62, 29.8])[0]![0]![1]).toEqual([119.62, 29.8])
  expect(withoutCorner(square, [0, 0, 0])[0]![0]).toEqual(square[0]![0]!.slice(1))
  expect(withoutCorner([[[[119, 29]]]], [0, 0, 0])).toEqual([])
  expect(splitEdge(square, [0, 0, 3])[0]![0]!.at(-1)).toEqual([119.6, 29.805])
})
