import { describe, expect, test } from 'vitest'
import type { Layout } from './slice'
import { type Region, piecesOf, regionsOf, sizeOf } from './pieces'

const layout: Layout = { rows: 2, columns: 4, width: 1920, height: 1080, gap_x: 20, gap_y: 10, unit: 'px', pitch_mm: 1 }
const part = { row: 1, column: 3, rows: 2, columns: 2, center: [119, 29], zoom: 12, pitch: 0, bearing: 0, hidden: [] }

test.each([
  [layout, false, 7680, 2160], [layout, true, 7740, 2170],
  [{ ...layout, columns: 6, gap_x: 0, gap_y: 0 }, false, 11_520, 2160], [{ ...layout, columns: 6, gap_x: 0, gap_y: 0 }, true, 11_520, 2160],
  [{ ...layout, rows: 1, columns: 1, width: 7680, height: 2160 }, false, 7680, 2160],
])('the picture is as large as the wall %#', (of, bezels, width, height) => expect(sizeOf(of, bezels)).toEqual({ width, height }))

/** How often each pixel of a coarse raster is drawn, the last piece that draws it, and of which pixel of which view it is. */
function painted(regions: readonly Region[], size: { width: number; height: number }, most: number) {
  const bands = piecesOf(regions, size.height, most)
  expect(bands.map(({ height }) => height).reduce((a, b) => a + b, 0)).toBe(size.height)
  for (const { height, pieces } of bands) {
    expect(height).toBeLessThanOrEqual(1080)
    for (const { slice } of pieces) expect(Math.max(slice.width, slice.height)).toBeLessThanOrEqual(most)
  }
  return (x: number, y: number) => {
    const band = bands.find((b) => y >= b.y && y < b.y + b.height)!
    const piece = band.pieces.filter((p) => x >= p.x && x < p.x + p.slice.width).at(-1)!
    return { part: piece.part !== null, x: piece.slice.x + x - piece.x, y: piece.slice.y + y - band.y }
  }
}

describe.each([400, 1000, 3456])('pieces of at most %i pixels', (most) => {
  test('of screens side by side leave out what bezels hide, and nothing else', () => {
    const at = painted(regionsOf(layout, [], false), sizeOf(layout, false), most)
    for (const [x, y] of [[0, 0], [1919, 1079], [1920, 1080], [7679, 2159], [5000, 600]] as const) {
      const [column, row] = [Math.floor(x / 1920), Math.floor(y / 1080)]
      expect(at(x, y)).toEqual({ part: false, x: x + column * 20, y: y + row * 10 })
    }
  })

  test('of the whole view show every pixel of it where it is', () => {
    const at = painted(regionsOf(layout, [], true), sizeOf(layout, true), most)
    for (const [x, y] of [[0, 0], [1925, 1085], [7739, 2169], [3333, 777]] as const) expect(at(x, y)).toEqual({ part: false, x, y })
  })

  test('a part lies where its screens are, in both', () => {
    const screens = painted(regionsOf(layout, [part], false), sizeOf(layout, false), most)
    expect(screens(3839, 0)).toMatchObject({ part: false })
    expect(screens(3840, 0)).toEqual({ part: true, x: 0, y: 0 })
    expect(screens(5760, 1080)).toEqual({ part: true, x: 1940, y: 1090 })
    const whole = painted(regionsOf(layout, [part], true), sizeOf(layout, true), most)
    expect(whole(3870, 100)).toMatchObject({ part: false })
    expect(whole(3880, 100)).toEqual({ part: true, x: 0, y: 100 })
  })
})
