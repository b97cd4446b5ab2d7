import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OpenIncident } from '../../domain/incidents'
import { type Watched, behind, columns, entries, grouped, totals } from './board'

const now = 1_000_000
const open = (id: number, dueIn: number | null, amberIn: number | null = null): OpenIncident =>
  ({ id, number: `n${id}`, title: `t${id}`, category: '', severity: 2, state: 'handling', areaPath: `330122.${id % 3}`, createdAt: 0, amberAt: amberIn === null ? null : now + amberIn, dueAt: dueIn === null ? null : now + dueIn, revision: 1, stage: 'working' }) as OpenIncident
const watched = (incident_id: number, more: Partial<Watched> = {}): Watched => ({ incident_id, department: '执法局', department_en: 'Enforcement', returned: 0, reworked: 0, answered: false, ...more })
const source = { incidents: [], watched: [], supervisions: [], unanswered: new Set<number>(), now, english: false }

test('each case stands in every column that is true of it', () => {
  const all = entries({
    ...source,
    incidents: [open(1, -5), open(2, 100, -5), open(3, 100, 50), open(4, null), open(5, null), open(6, null)],
    watched: [watched(1, { reworked: 1 }), watched(4, { urged_at: 'x' }), watched(5, { urged_at: 'x', answered: true }), watched(6, { returned: 2 })],
    supervisions: [{ incident_id: 1 }, { incident_id: 99 }],
    unanswered: new Set([2]),
  })
  expect(all.map(({ incident, in: found }) => `${incident.id}: ${[...found].join(' ')}`)).toEqual(['1: overdue supervised reworked', '2: soon unanswered', '4: urged', '6: returned'])
  expect(totals(all)).toEqual({ overdue: 1, soon: 1, supervised: 1, urged: 1, unanswered: 1, returned: 1, reworked: 1 })
  expect(grouped(all, (entry) => entry.department).map(({ key, counts }) => [key, counts.overdue])).toEqual([['执法局', 1], ['', 0]])
  expect(behind(all, 'overdue', () => true).map(({ incident }) => incident.id)).toEqual([1])
})

test('every number is the length of the list behind it, whatever it is grouped by', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ due: fc.integer({ min: -50, max: 50 }), amber: fc.integer({ min: -50, max: 50 }), returned: fc.nat(2), dept: fc.constantFrom('a', 'b', ''), supervised: fc.boolean() }), { maxLength: 40 }), (rows) => {
      const all = entries({
        ...source,
        incidents: rows.map((row, i) => open(i, row.due, row.amber)),
        watched: rows.map((row, i) => watched(i, { department: row.dept, returned: row.returned })),
        supervisions: rows.flatMap((row, i) => (row.supervised ? [{ incident_id: i }] : [])),
      })
      for (const keyOf of [(e: (typeof all)[number]) => e.department, (e: (typeof all)[number]) => e.incident.areaPath ?? '']) {
        const groups = grouped(all, keyOf)
        for (const column of columns) {
          expect(groups.reduce((n, { counts }) => n + counts[column], 0)).toBe(totals(all)[column])
          for (const { key, counts } of groups) expect(behind(all, column, (e) => keyOf(e) === key)).toHaveLength(counts[column])
        }
      }
    }),
  )
})
