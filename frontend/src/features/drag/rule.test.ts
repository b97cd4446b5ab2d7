import { expect, test } from 'vitest'
import { LiveStore } from '../../live/store'
import { pairOf, verdict } from './rule'

function world() {
  const live = new LiveStore((run) => run())
  const load = (layer: string, columns: string[], rows: unknown[][]) =>
    live.layer(layer).load([{ type: 'snapshot', layer, token: 'x', columns, ids: rows.map(([id]) => id), values: columns.map((_, i) => rows.map((row) => row[i + 1])), more: false } as never])
  load('unit', ['name', 'status'], [[1, '一组', 'available'], [2, '二组', 'responding'], [3, '三组', 'off_duty']])
  load('incident', ['title', 'state'], [[7, '起火', 'filed'], [8, '积水', 'handling'], [9, '旧案', 'checking']])
  load('task', ['unit_id', 'incident_id'], [[1, 2, 8]])
  return live
}

test('a unit and a case are a pair, whichever is dragged', () => {
  const unit = { layer: 'unit', id: 1 }
  const incident = { layer: 'incident', id: 7 }
  expect(pairOf(unit, incident)).toEqual({ unit: 1, incident: 7 })
  expect(pairOf(incident, unit)).toEqual({ unit: 1, incident: 7 })
  expect(pairOf(unit, unit)).toBeNull()
  expect(pairOf(unit, null)).toBeNull()
  expect(pairOf(incident, { layer: 'camera', id: 1 })).toBeNull()
})

test('what a drop does, or why the unit may not go', () => {
  const live = world()
  const key = (unit: number, incident: number) => verdict(live, { unit, incident }).key
  expect(verdict(live, { unit: 1, incident: 7 })).toMatchObject({ may: true, key: 'send', unit: '一组', title: '起火' })
  expect(key(1, 8)).toBe('send')
  expect(key(1, 9)).toBe('caseState')
  expect(key(2, 7)).toBe('busy')
  expect(key(2, 8)).toBe('already')
  expect(key(3, 7)).toBe('offDuty')
  expect(key(4, 7)).toBe('gone')
  expect(key(1, 10)).toBe('gone')
})
