import { expect, test } from 'vitest'
import { daysText, parseDays, parseWindows, windowsText } from './timeRules'

test('working hours are read as they are written', () => {
  const windows = [{ from: 510, to: 720 }, { from: 810, to: 1050 }]
  expect(windowsText(windows)).toBe('08:30-12:00 13:30-17:30')
  expect(parseWindows('8:30-12:00，13：30至17：30')).toEqual(windows)
  expect(parseWindows('')).toEqual([])
  expect(parseWindows('0:00-24:00')).toEqual([{ from: 0, to: 1440 }])
  for (const wrong of ['8-12', '12:00-8:00', '8:60-9:00', '8:00-24:01']) expect(parseWindows(`9:00-10:00 ${wrong}`)).toEqual({ wrong })
})

test('days are read in both languages, and the wrong line is named', () => {
  const days = [{ day: '2026-10-01', works: false, name: '国庆节' }, { day: '2026-10-10', works: true }]
  expect(daysText(days, ['休', '班'])).toBe('2026-10-01 休 国庆节\n2026-10-10 班')
  for (const words of [['休', '班'], ['off', 'work']] as const) expect(parseDays(`\n${daysText(days, words)}\n`)).toEqual(days)
  for (const wrong of ['2026-02-30 休', '2026-10-01', '1 October off', '2026-10-01 halb']) expect(parseDays(`2026-10-01 休\n${wrong}`)).toEqual({ wrong })
})
