import { expect, test } from 'vitest'
import type { LayerStore } from '../../live/store'
import { isTold, unanswered, worst } from './unanswered'

type Row = { incident_id: number; unit_id: number; state: string; escalation: number; dispatched_at: string }

function layer(rows: Row[]) {
  return {
    version: 1,
    each: (column: keyof Row, visit: (id: number, value: unknown) => void) => rows.forEach((row, i) => visit(i + 1, row[column])),
    value: (id: number, column: keyof Row) => rows[id - 1]![column],
  } as unknown as LayerStore
}

const row = (incident_id: number, escalation: number, minute: number, state = 'dispatched'): Row => ({ incident_id, unit_id: 7, state, escalation, dispatched_at: `2026-06-01T08:0${minute}:00Z` })

test('tasks that wait are listed, the longest first', () => {
  const found = unanswered(layer([row(1, 1, 5), row(2, 2, 3), row(3, 0, 1), row(4, 1, 0, 'acknowledged')]))
  expect(found.map(({ incident, level }) => [incident, level])).toEqual([[2, 2], [1, 1]])
})

test('a layer is read once for each of its versions', () => {
  const rows = [row(1, 1, 5)]
  const tasks = layer(rows)
  expect(unanswered(tasks)).toBe(unanswered(tasks))
  rows.push(row(2, 1, 1))
  ;(tasks as { version: number }).version = 2
  expect(unanswered(tasks)).toHaveLength(2)
})

test('a case shows its highest level', () => {
  const found = unanswered(layer([row(1, 1, 1), row(1, 2, 4), row(2, 1, 0)]))
  expect(worst(found, 1)).toMatchObject({ level: 2, since: Date.parse('2026-06-01T08:01:00Z') })
  expect(worst(found, 3)).toBeNull()
})

test.each([
  [1, true, true, true, true],
  [1, false, true, true, false],
  [1, false, true, false, true],
  [2, false, true, true, true],
  [2, false, false, false, false],
] as const)('level %i, dispatcher %s, sends %s, one on duty %s: %s', (level, dispatcher, sends, onDuty, want) => {
  expect(isTold(level, { dispatcher, sends }, onDuty)).toBe(want)
})
