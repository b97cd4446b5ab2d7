import { describe, expect, test } from 'vitest'
import { type AreaFigures, bounds, byNeed, changeOf, classOf, gradeOf, graded, grades, naturalBounds, spanBefore, spanOf, tintOf, valueOf } from './grades'

const area = (code: string, change: Partial<AreaFigures> = {}): AreaFigures => ({ id: Number(code), code, path: code, name: code, km2: 2, point: [119.7, 29.8], open: 0, overdue: 0, created: 0, closed: 0, on_time: 0, due: 0, ...change })

test.each([[100, 'A'], [90, 'A'], [89.999, 'B'], [75, 'B'], [60, 'C'], [59.9, 'D'], [40, 'D'], [39.9, 'E'], [0, 'E']])('%d %% is graded %s', (percent, letter) => {
  expect(grades[gradeOf(percent)]![0]).toBe(letter)
})

test('a rate is of what was due, and there is none where nothing was', () => {
  expect(valueOf(area('1', { closed: 8, on_time: 6, due: 10 }), 'on_time_rate', 'none')).toBe(60)
  expect(valueOf(area('1', { closed: 8, on_time: 6, due: 10 }), 'closing_rate', 'km2')).toBe(80)
  expect(valueOf(area('1'), 'on_time_rate', 'none')).toBeNull()
  expect(valueOf(area('1', { open: 3 }), 'open', 'km2')).toBe(1.5)
  expect(valueOf(area('1', { open: 3, km2: 0 }), 'open', 'km2')).toBeNull()
})

test('a count by people needs people', () => {
  expect(valueOf(area('1', { open: 3, inhabitants: 15_000 }), 'open', 'people')).toBe(2)
  expect(valueOf(area('1', { open: 3 }), 'open', 'people')).toBeNull()
})

test('natural breaks stand where values leave a gap', () => {
  expect(naturalBounds([1, 2, 3, 20, 21, 22, 50, 51, 90, 91, 200, 0])).toEqual([1, 20, 50, 90, 200])
  expect(naturalBounds([4, 4, 7])).toEqual([4, 7])
  expect(naturalBounds(Array.from({ length: 3000 }, (_, i) => i + 1))).toHaveLength(5)
})

test('natural breaks are the best of all ways to cut', () => {
  const values = [1, 2, 4, 7, 8, 13, 14, 15, 30, 31, 31, 44]
  const cost = (from: readonly number[]) =>
    from.reduce((all, least, i) => {
      const inside = values.filter((value) => value >= least && value < (from[i + 1] ?? Infinity))
      const mean = inside.reduce((a, b) => a + b, 0) / inside.length
      return all + inside.reduce((a, b) => a + (b - mean) ** 2, 0)
    }, 0)
  const best = cost(naturalBounds(values, 3))
  const distinct = [...new Set(values)]
  for (const a of distinct.slice(1)) for (const b of distinct.filter((value) => value > a)) expect(best).toBeLessThanOrEqual(cost([1, a, b]) + 1e-9)
})

test('the span before is as long, and ends as far on', () => {
  const now = new Date(2026, 4, 31, 12, 30, 20).getTime()
  expect(new Date(spanBefore('today', now).from)).toEqual(new Date(2026, 4, 30))
  expect(new Date(spanBefore('today', now).until)).toEqual(new Date(2026, 4, 30, 12, 31))
  expect(new Date(spanBefore('days7', now).from)).toEqual(new Date(2026, 4, 18))
  expect(new Date(spanBefore('month', now).from)).toEqual(new Date(2026, 3, 1))
  expect(new Date(spanBefore('month', now).until)).toEqual(new Date(2026, 3, 30, 12, 31)) // April has no 31st
})

test('few cases have no percentage', () => {
  expect(changeOf(12, 9)).toEqual({ by: 3, percent: null })
  expect(changeOf(12, 10)).toEqual({ by: 2, percent: 20 })
})

describe('classes of counts', () => {
  test('hold about as many areas each, and equal values stand together', () => {
    let seed = 7
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
    for (let round = 0; round < 300; round++) {
      const values = Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * random() * 30))
      const from = bounds(values)
      const positive = values.filter((value) => value > 0)
      expect(from.length).toBeLessThanOrEqual(5)
      expect(from.length > 0).toBe(positive.length > 0)
      expect(from).toEqual([...new Set(from)].toSorted((a, b) => a - b))
      for (const value of values) {
        const place = classOf(value, from)
        expect(place >= 0).toBe(value > 0)
        if (place >= 0) expect(value).toBeGreaterThanOrEqual(from[place]!)
        if (place >= 0 && place + 1 < from.length) expect(value).toBeLessThan(from[place + 1]!)
      }
      if (from.length) expect(tintOf(from.length - 1, from.length)).toBe(4)
    }
  })

  test('are numbered in the key, with what they hold', () => {
    const { rows, steps } = graded([1, 2, 3, 5, 8, 0].map((open, i) => area(String(i), { open })), 'open', 'none', String)
    expect(steps.map(({ text }) => text)).toEqual(['1 1', '2 2', '3 3', '4 5', '5 8'])
    expect(steps.reduce((n, { areas }) => n + areas, 0)).toBe(5)
    expect(rows.at(-1)).toMatchObject({ tint: -1, sign: '' })
  })
})

test('what asks for most stands first', () => {
  const { rows } = graded([area('1'), area('2', { due: 2, on_time: 2 }), area('3', { due: 2, on_time: 1 })], 'on_time_rate', 'none', String)
  expect(rows.toSorted(byNeed('on_time_rate')).map((row) => row.area.code)).toEqual(['3', '2', '1'])
})

test('a window ends with the running minute and has whole days', () => {
  const now = new Date(2026, 4, 10, 12, 30, 20).getTime()
  for (const [window, days] of [['today', 0], ['days7', 6], ['days30', 29], ['month', 9]] as const) {
    const { from, until } = spanOf(window, now)
    expect(Date.parse(until) - now).toBe(40_000)
    expect(new Date(from)).toEqual(new Date(2026, 4, 10 - days))
  }
})
