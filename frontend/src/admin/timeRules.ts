import type { TimeRules } from '../api/types'

/** Working hours and days are edited as text: one line or word each, as people write them. */
export type Window = TimeRules['windows'][number]
export type Day = TimeRules['days'][number]

const clock = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

/** 08:30-12:00 13:30-17:30 */
export const windowsText = (windows: readonly Window[]) => windows.map(({ from, to }) => `${clock(from)}-${clock(to)}`).join(' ')

/** The windows of a text, or the word that is none. */
export function parseWindows(text: string): Window[] | { wrong: string } {
  const out: Window[] = []
  for (const word of text.split(/[\s,，、;；]+/).filter(Boolean)) {
    const m = /^(\d{1,2})[:：](\d{2})[-–—~～至](\d{1,2})[:：](\d{2})$/.exec(word)
    const [from, to] = m ? [Number(m[1]) * 60 + Number(m[2]), Number(m[3]) * 60 + Number(m[4])] : [1, 0]
    if (!m || Number(m[2]) > 59 || Number(m[4]) > 59 || from >= to || to > 24 * 60) return { wrong: word }
    out.push({ from, to })
  }
  return out
}

/** One day a line: 2026-10-01 休 国庆节 */
export const daysText = (days: readonly Day[], [off, on]: readonly [string, string]) =>
  days.map(({ day, works, name }) => [day, works ? on : off, name].filter(Boolean).join(' ')).join('\n')

const offWords = new Set(['休', 'off'])
const onWords = new Set(['班', 'work'])

/** The days of a text, or the first line that is none. */
export function parseDays(text: string): Day[] | { wrong: string } {
  const out: Day[] = []
  for (const line of text.split('\n')) {
    if (!line.trim()) continue
    const [day = '', kind = '', ...name] = line.trim().split(/\s+/)
    const date = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00:00Z`) : null
    const real = date && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
    if (!real || (!offWords.has(kind.toLowerCase()) && !onWords.has(kind.toLowerCase()))) return { wrong: line.trim() }
    out.push({ day, works: onWords.has(kind.toLowerCase()), ...(name.length ? { name: name.join(' ') } : {}) })
  }
  return out
}
