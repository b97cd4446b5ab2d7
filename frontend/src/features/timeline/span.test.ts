import { expect, test } from 'vitest'
import { SPAN_MS, localInput, spanAround } from './span'

const now = Date.parse('2026-03-18T14:32:07+08:00')

test('the last hours end at the stretch that runs', () => {
  const [from, until] = spanAround(now, now)
  expect(new Date(until).toISOString()).toBe('2026-03-18T06:35:00.000Z')
  expect(until - from).toBe(SPAN_MS)
  expect(spanAround(now - 3_600_000, now)).toEqual([from, until]) // a little while ago is on the same bar
})

test('a moment of another day stands inside its bar, which holds still while time goes on', () => {
  const at = now - 5 * 86_400_000
  const [from, until] = spanAround(at, now)
  expect(from).toBeLessThanOrEqual(at)
  expect(until).toBeGreaterThan(at)
  expect(until - from).toBe(SPAN_MS)
  expect(spanAround(at + 60_000, now + 60_000)).toEqual([from, until])
})

test('a moment goes into an input and back', () => {
  expect(new Date(localInput('2026-03-18T06:32:07.5Z')).toISOString()).toBe('2026-03-18T06:32:07.000Z')
})
