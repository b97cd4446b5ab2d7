import { expect, test } from 'vitest'
import type { Shift } from '../features/duty/dutyQuery'
import { nextCell, planWeek, plusDays, suggest, weekOf } from './roster'

const monday = new Date(2026, 5, 1)
const at = (hours: number) => new Date(2026, 5, 1, hours).toISOString()
const shift = (id: number, from: number, until: number): Shift => ({ id, revision: 1, area_path: '330122', role: 'duty_officer', starts_at: at(from), ends_at: at(until), people: [] })
const hours = (gaps: [number, number][]) => gaps.map(([from, until]) => [(from - monday.getTime()) / 3_600_000, (until - monday.getTime()) / 3_600_000])

test.each([
  [new Date(2026, 5, 1, 0, 0), 1],
  [new Date(2026, 5, 7, 23, 59), 1],
  [new Date(2026, 5, 8, 0, 0), 8],
])('the week of %s begins on the %i', (day, want) => {
  expect(weekOf(day.getTime())).toEqual(new Date(2026, 5, want))
})

test('a night covers the morning after, and stands on the evening', () => {
  const week = planWeek([shift(2, 20, 32), shift(1, 8, 20), shift(3, 32, 44)], monday)
  expect(week[0]!.shifts.map(({ id }) => id)).toEqual([1, 2])
  expect(week[1]!.shifts.map(({ id }) => id)).toEqual([3])
  expect(hours(week[0]!.gaps)).toEqual([[0, 8]])
  expect(hours(week[1]!.gaps)).toEqual([[44, 48]])
  expect(hours(week[2]!.gaps)).toEqual([[48, 72]])
})

test('shifts that overlap leave no gap; a role that nobody plans has none', () => {
  expect(hours(planWeek([shift(1, -4, 13), shift(2, 12, 24), shift(3, 12, 14)], monday)[0]!.gaps)).toEqual([])
  expect(planWeek([], monday)[3]!.gaps).toEqual([])
})

test('arrow keys stay in the table', () => {
  expect(nextCell('ArrowLeft', 0, 0, 4)).toEqual([0, 0])
  expect(nextCell('ArrowRight', 0, 6, 4)).toEqual([0, 6])
  expect(nextCell('ArrowDown', 3, 2, 4)).toEqual([3, 2])
  expect(nextCell('ArrowUp', 3, 2, 4)).toEqual([2, 2])
  expect(nextCell('Enter', 3, 2, 4)).toBeNull()
})

test('the next shift of a day follows the one before it', () => {
  expect(suggest(monday, [])).toEqual([new Date(2026, 5, 1, 8), new Date(2026, 5, 1, 20)])
  expect(suggest(monday, [shift(1, 8, 16)])).toEqual([new Date(2026, 5, 1, 16), new Date(2026, 5, 1, 24)])
  expect(plusDays(monday, 7)).toEqual(new Date(2026, 5, 8))
})
