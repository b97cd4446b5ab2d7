import { expect, test } from 'vitest'
import { LayerStore } from '../../live/store'
import { NEWS_MS, hears, ringing } from './rule'

const now = Date.parse('2026-11-29T10:00:00Z')
const columns = ['severity', 'state', 'alarm_at', 'created_at', 'title', 'area_path']

function store(...rows: (readonly [severity: number, state: string, heard: string | null, age: number])[]): LayerStore {
  const layer = new LayerStore('incident', (run) => run())
  const values = columns.map((column) =>
    rows.map(([severity, state, heard, age], i) => ({ severity, state, alarm_at: heard, created_at: new Date(now - age).toISOString(), title: `t${i + 1}`, area_path: '330122' })[column] ?? null),
  )
  layer.load([{ type: 'snapshot', layer: 'incident', token: 'x', columns, ids: rows.map((_, i) => i + 1), values, more: false } as never])
  return layer
}

test('what is grave, new and not acknowledged rings, the newest first', () => {
  expect(
    ringing(
      store([1, 'filed', null, 60_000], [2, 'filed', null, 0], [1, 'filed', '2026-11-29T09:59:00Z', 0], [1, 'dispatched', null, 0], [1, 'reported', null, 1000], [1, 'filed', null, NEWS_MS]),
      now,
    ).map(({ incident }) => incident),
  ).toEqual([5, 1])
})

test('every state before somebody is sent rings, none after', () => {
  for (const state of ['reported', 'verifying', 'accepted', 'filed']) expect(ringing(store([1, state, null, 0]), now)).toHaveLength(1)
  for (const state of ['dispatched', 'handling', 'suspended', 'checking', 'closed', 'void']) expect(ringing(store([1, state, null, 0]), now)).toHaveLength(0)
})

test('an unreadable time of making does not ring for ever', () => {
  const layer = store([1, 'filed', null, 0])
  layer.apply({ type: 'diff', layer: 'incident', token: 'y', ids: [1], values: [[1], ['filed'], [null], ['?'], ['t'], [null]] } as never)
  expect(ringing(layer, now)).toHaveLength(0)
})

test('a wall is silent unless its scene says so; readers never hear it', () => {
  const person = { wall: false, sends: true, replaying: false }
  expect(hears(person, '')).toBe(true)
  expect(hears({ ...person, sends: false }, '?alarm=on')).toBe(false)
  expect(hears({ ...person, replaying: true }, '')).toBe(false)
  expect(hears({ wall: true, sends: false, replaying: false }, '?display=wall')).toBe(false)
  expect(hears({ wall: true, sends: true, replaying: false }, '?display=wall')).toBe(false)
  expect(hears({ wall: true, sends: false, replaying: false }, '?display=wall&alarm=on')).toBe(true)
})
