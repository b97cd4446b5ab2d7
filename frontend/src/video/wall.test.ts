import { expect, test } from 'vitest'
import { addressed, formatWall, nearest, pages, parseWall, put, step, tileFor } from './wall'

test('a wall is read from the address, and what cannot be read is an empty tile', () => {
  expect(parseWall('')).toEqual({ layout: 4, cameras: [] })
  expect(parseWall('?cameras=1,,3&layout=9')).toEqual({ layout: 9, cameras: [1, null, 3] })
  expect(parseWall('?cameras=1,2,3,4,5')).toEqual({ layout: 9, cameras: [1, 2, 3, 4, 5] })
  expect(parseWall('?cameras=x,-1,0,7&layout=5')).toEqual({ layout: 4, cameras: [null, null, null, 7] })
  expect(parseWall(`?cameras=${Array.from({ length: 40 }, (_, i) => i + 1).join()}`).cameras).toHaveLength(16)
  for (const search of ['?layout=9&cameras=1,,3', '?layout=1', '?x=1&layout=16&cameras=,5']) expect(formatWall(parseWall(search), search)).toBe(search.replace('x=1&layout=16', 'x=1&layout=16'))
})

test('a camera stands once on a wall', () => {
  expect(put([1, 2, 3], 0, 3).slice(0, 4)).toEqual([3, 2, 1, null])
  expect(put([1], 3, 9).slice(0, 4)).toEqual([1, null, null, 9])
  expect(put([1, 2], 1, null).slice(0, 2)).toEqual([1, null])
})

test('arrows stay on the wall', () => {
  expect(step(0, 'ArrowRight', 4)).toBe(1)
  expect(step(1, 'ArrowRight', 4)).toBe(1)
  expect(step(1, 'ArrowDown', 4)).toBe(3)
  expect(step(8, 'ArrowUp', 9)).toBe(5)
  expect(step(0, 'ArrowDown', 1)).toBe(0)
})

test('a patrol fills the wall page by page', () => {
  const stops = [5, 10, 20, 5, 30].map((dwell_s, i) => ({ camera_id: i + 1, dwell_s }))
  expect(pages(stops, 4)).toEqual([
    { cameras: [1, 2, 3, 4], dwellMs: 20_000 },
    { cameras: [5], dwellMs: 30_000 },
  ])
  expect(pages([], 1)).toEqual([])
})

test('the nearest camera holds a patrol, a far one does not', () => {
  const points: Record<number, [number, number]> = { 1: [119.68, 29.79], 2: [119.681, 29.79], 3: [119.75, 29.79] }
  const of = (id: number) => points[id] ?? null
  expect(nearest([119.6809, 29.79], [1, 2, 3, 4], of)?.id).toBe(2)
  expect(nearest([119.72, 29.79], [1, 2, 3, 4], of)).toBeNull()
})

test('a camera that is put on the wall by itself takes a free tile', () => {
  expect(tileFor({ layout: 4, cameras: [1, null, 3] }, 9)).toBe(1)
  expect(tileFor({ layout: 4, cameras: [1, 2, 3] }, 9)).toBe(3)
  expect(tileFor({ layout: 4, cameras: [1, 2, 3, 4, 5] }, 9)).toBe(3)
  expect(tileFor({ layout: 4, cameras: [1, 2, 3, 4] }, 2)).toBe(1)
})

test('an address of a group or of cameras goes before the wall that was left', () => {
  expect(['', '?lang=en', '?group=4', '?layout=1', '?cameras=2'].map(addressed)).toEqual([false, false, true, true, true])
  expect(formatWall({ layout: 4, cameras: [1] }, '?group=4')).toBe('?layout=4&cameras=1')
})
