import { type Layout, type Slice, aloneFor, gap, partOf, sliceOf } from './slice'
import type { Scene } from './socket'

/** Rows of pixels that are held at once: a band of the widest wall takes 50 MB. */
const BAND = 1080

export type Part = NonNullable<Scene['parts']>[number]

/** A rectangle of the picture, and what of which view is in it. */
export interface Region {
  x: number
  y: number
  slice: Slice
  /** Null: the scene itself. */
  part: Part | null
}

/** Pixels of the picture: those of the screens, or with what bezels hide. */
export function sizeOf(layout: Layout, bezels: boolean): { width: number; height: number } {
  const [gx, gy] = bezels ? gap(layout) : [0, 0]
  const { rows, columns, width, height } = layout
  return { width: columns * width + (columns - 1) * gx, height: rows * height + (rows - 1) * gy }
}

/** What the picture is made of: its screens side by side; with bezels the scene as a whole, and over it its parts. */
export function regionsOf(layout: Layout, parts: readonly Part[] | undefined, bezels: boolean): Region[] {
  const { rows, columns, width, height } = layout
  if (bezels) {
    const whole = sizeOf(layout, true)
    const over = (parts ?? []).map((part): Region => {
      const { x, y } = sliceOf(layout, part.row, part.column)!
      const own = sizeOf({ ...layout, rows: part.rows, columns: part.columns }, true)
      return { x, y, part, slice: { whole: own, x: 0, y: 0, ...own } }
    })
    return [{ x: 0, y: 0, part: null, slice: { whole, x: 0, y: 0, ...whole } }, ...over]
  }
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns) + 1, (i % columns) + 1]
    const part = partOf(parts, row, column)
    return { x: (column - 1) * width, y: (row - 1) * height, part, slice: (part ? aloneFor(layout, part, row, column) : sliceOf(layout, row, column))! }
  })
}

/** Cuts regions into pieces that a canvas takes, in bands from the top; a band ends where a region does. */
export function piecesOf(regions: readonly Region[], height: number, most: number): { y: number; height: number; pieces: Region[] }[] {
  const edges = new Set([0, height])
  for (const { y, slice } of regions) edges.add(y).add(y + slice.height)
  const sorted = [...edges].sort((a, b) => a - b)
  const out = []
  for (const [i, top] of sorted.slice(0, -1).entries()) {
    const [n, all] = [Math.ceil((sorted[i + 1]! - top) / Math.min(BAND, most)), sorted[i + 1]! - top]
    const step = Math.ceil(all / n)
    for (let y = top; y < top + all; y += step) {
      const high = Math.min(step, top + all - y)
      const pieces = regions.flatMap((region): Region[] => {
        const { slice } = region
        if (y < region.y || y >= region.y + slice.height) return []
        const wide = Math.ceil(slice.width / Math.ceil(slice.width / most))
        return Array.from({ length: Math.ceil(slice.width / wide) }, (_, k) => ({
          ...region,
          x: region.x + k * wide,
          y,
          slice: { whole: slice.whole, x: slice.x + k * wide, y: slice.y + y - region.y, width: Math.min(wide, slice.width - k * wide), height: high },
        }))
      })
      out.push({ y, height: high, pieces })
    }
  }
  return out
}
