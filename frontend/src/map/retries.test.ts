import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Retries } from './retries'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const tile = { z: 13, x: 6819, y: 3385 }

function started() {
  const refreshTiles = vi.fn()
  const retries = new Retries({ getSource: (() => ({})) as never, refreshTiles })
  return { retries, refreshTiles }
}

it('asks for failed tiles again, each once, by source', () => {
  const { retries, refreshTiles } = started()
  retries.add('basemap', tile)
  retries.add('basemap', tile)
  retries.add('camera', { ...tile, x: 1 })
  vi.advanceTimersByTime(3000)
  expect(refreshTiles.mock.calls).toEqual([['basemap', [tile]], ['camera', [{ ...tile, x: 1 }]]])
  vi.advanceTimersByTime(600_000)
  expect(refreshTiles).toHaveBeenCalledTimes(2)
})

it('waits longer while they go on failing, a minute at most, and begins anew after quiet', () => {
  const { retries, refreshTiles } = started()
  refreshTiles.mockImplementation((source: string, [again]: [typeof tile]) => retries.add(source, again))
  retries.add('basemap', tile)
  vi.advanceTimersByTime(3000 + 6000 + 12_000 + 24_000 + 48_000)
  expect(refreshTiles).toHaveBeenCalledTimes(5)
  vi.advanceTimersByTime(600_000)
  expect(refreshTiles).toHaveBeenCalledTimes(15)
  refreshTiles.mockImplementation(() => undefined)
  vi.advanceTimersByTime(300_000)
  refreshTiles.mockClear()
  retries.add('basemap', tile)
  vi.advanceTimersByTime(3000)
  expect(refreshTiles).toHaveBeenCalledTimes(1)
})
