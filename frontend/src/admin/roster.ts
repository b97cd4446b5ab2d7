import type { Shift } from '../features/duty/dutyQuery'

const DAY = 86_400_000

/** Monday 00:00 of the week of a moment, in the screen's time zone. */
export function weekOf(at: number): Date {
  const day = new Date(at)
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7))
  return day
}

/** The same hour so many days later: a day may have 23 hours elsewhere. */
export function plusDays(day: Date, n: number): Date {
  const out = new Date(day)
  out.setDate(out.getDate() + n)
  return out
}

export interface DayPlan {
  day: Date
  /** Those that begin on the day. */
  shifts: Shift[]
  /** Stretches of the day that nobody covers, [from, until) in milliseconds; none where the role has no shift in the whole week. */
  gaps: [number, number][]
}

/** A week of one role, day by day. A night's shift stands on the day it begins, and covers the morning after. */
export function planWeek(shifts: readonly Shift[], monday: Date): DayPlan[] {
  const sorted = [...shifts].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || a.id - b.id)
  return Array.from({ length: 7 }, (_, i) => {
    const day = plusDays(monday, i)
    const from = day.getTime()
    const until = plusDays(day, 1).getTime()
    return {
      day,
      shifts: sorted.filter(({ starts_at }) => Date.parse(starts_at) >= from && Date.parse(starts_at) < until),
      gaps: sorted.length === 0 ? [] : gapsOf(sorted, from, until),
    }
  })
}

function gapsOf(sorted: readonly Shift[], from: number, until: number): [number, number][] {
  const gaps: [number, number][] = []
  let at = from
  for (const { starts_at, ends_at } of sorted) {
    const starts = Date.parse(starts_at)
    if (starts >= until) break
    if (starts > at) gaps.push([at, starts])
    at = Math.max(at, Date.parse(ends_at))
  }
  if (at < until) gaps.push([at, until])
  return gaps
}

/** Where an arrow key leads in a table of rows × 7 days; null for another key. */
export function nextCell(key: string, row: number, column: number, rows: number): [number, number] | null {
  switch (key) {
    case 'ArrowLeft':
      return [row, Math.max(0, column - 1)]
    case 'ArrowRight':
      return [row, Math.min(6, column + 1)]
    case 'ArrowUp':
      return [Math.max(0, row - 1), column]
    case 'ArrowDown':
      return [Math.min(rows - 1, row + 1), column]
    case 'Home':
      return [row, 0]
    case 'End':
      return [row, 6]
  }
  return null
}

/** How long a shift is that a form suggests: as the one before it on that day, or 12 hours from 8. */
export function suggest(day: Date, before: readonly Shift[]): [Date, Date] {
  const last = before.at(-1)
  if (last) {
    const starts = new Date(last.ends_at)
    return [starts, new Date(starts.getTime() + Math.min(DAY, Date.parse(last.ends_at) - Date.parse(last.starts_at)))]
  }
  const starts = new Date(day)
  starts.setHours(8)
  return [starts, new Date(starts.getTime() + DAY / 2)]
}
