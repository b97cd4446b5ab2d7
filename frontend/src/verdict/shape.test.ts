import { describe, expect, it } from 'vitest'
import { cut, from, half, onto, squareOf } from './shape'

const box = [[[[119.68, 29.79], [119.6802, 29.79], [119.6802, 29.7901], [119.68, 29.7901], [119.68, 29.79]]]]

describe('outlines on pictures', () => {
  it('come back where they were', () => {
    const s = squareOf(box)
    for (const p of box[0]![0]!) {
      const [x, y] = onto(s, p)
      expect(x).toBeGreaterThan(0)
      expect(x).toBeLessThan(1)
      expect(y).toBeGreaterThan(0)
      expect(y).toBeLessThan(1)
      const back = from(s, [x, y])
      expect(back[0]).toBeCloseTo(p[0]!, 9)
      expect(back[1]).toBeCloseTo(p[1]!, 9)
    }
    expect(onto(s, [119.6801, 29.79005])[0]).toBeCloseTo(0.5, 3)
  })
  it('shows 30 m on the ground at least', () => {
    const tiny = [[[[119.68, 29.79], [119.68001, 29.79], [119.68001, 29.79001], [119.68, 29.79]]]]
    expect(squareOf(tiny).side).toBeCloseTo(30 / Math.cos((29.79 * Math.PI) / 180), 1)
  })
  it('are cut along a line, whichever way it runs', () => {
    const parts = cut(box, [119.6801, 29.78], [119.6801, 29.8])!
    expect(parts).toHaveLength(2)
    const wide = parts.map((o) => Math.max(...o[0]![0]!.map((p) => p[0]!)) - Math.min(...o[0]![0]!.map((p) => p[0]!)))
    expect(wide[0]).toBeCloseTo(0.0001, 7)
    expect(wide[1]).toBeCloseTo(0.0001, 7)
    for (const o of parts) expect(o[0]![0]![0]).toEqual(o[0]![0]!.at(-1))
    expect(cut(box, [119.7, 29.78], [119.7, 29.8])).toBeNull()
  })
  it('keep all of a ring on one side', () => {
    expect(half([[0, 0], [1, 0], [1, 1], [0, 1]], [-1, 2], [-1, 0])).toHaveLength(4)
    expect(half([[0, 0], [1, 0], [1, 1], [0, 1]], [-1, 0], [-1, 2])).toHaveLength(0)
  })
})
