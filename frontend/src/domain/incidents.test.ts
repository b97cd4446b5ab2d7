import { describe, expect, test } from 'vitest'
import { LiveStore } from '../live/store'
import { byUrgency, dueLamp, noFilter, openIncidents, passes, stageOf, stages, waitsForDesk } from './incidents'

/** A live store with cases [id, severity, state, created_at, area] and tasks [id, incident, state]. */
function store(incidents: [number, number, string, string, string | null][], tasks: [number, number, string][] = []) {
  const live = new LiveStore((run) => run())
  const column = <T extends unknown[]>(rows: T[], i: number) => rows.map((row) => row[i] as never)
  live.layer('incident').load([
    {
      type: 'snapshot', layer: 'incident', token: 'e/1', more: false,
      columns: ['title', 'severity', 'state', 'created_at', 'area_path', 'revision'],
      ids: incidents.map((row) => row[0]),
      values: [incidents.map((row) => `case ${row[0]}`), column(incidents, 1), column(incidents, 2), column(incidents, 3), column(incidents, 4), incidents.map(() => 1)],
    },
  ])
  live.layer('task').load([
    { type: 'snapshot', layer: 'task', token: 'e/1', more: false, columns: ['incident_id', 'state'], ids: tasks.map((row) => row[0]), values: [column(tasks, 1), column(tasks, 2)] },
  ])
  return openIncidents(live.layer('incident'), live.layer('task'))
}

test('the lamp of a limit is amber from 80 % on, red after all of it', () => {
  const limit = { amberAt: 800, dueAt: 1000 }
  expect([0, 799, 800, 1000, 1001].map((now) => dueLamp(limit, now))).toEqual(['green', 'green', 'amber', 'amber', 'red'])
  expect(dueLamp({ amberAt: null, dueAt: null }, 5000)).toBe('green')
})

describe('the queue', () => {
  test('is sorted by severity, then age, then id', () => {
    const rows = store([
      [1, 3, 'filed', '2026-03-18T06:00:00Z', null],
      [2, 1, 'filed', '2026-03-18T06:30:00Z', null],
      [3, 1, 'filed', '2026-03-18T06:10:00Z', null],
      [5, 2, 'filed', '2026-03-18T06:00:00Z', null],
      [4, 2, 'filed', '2026-03-18T06:00:00Z', null],
    ])
    expect(rows.sort(byUrgency).map((row) => row.id)).toEqual([3, 2, 4, 5, 1])
  })

  test('an unknown severity is an ordinary one', () => {
    expect(store([[1, 9, 'filed', '2026-03-18T06:00:00Z', null]])[0]!.severity).toBe(3)
  })

  test('a unit under way shows in the stage of its case', () => {
    const rows = store(
      [
        [1, 2, 'handling', '2026-03-18T06:00:00Z', null],
        [2, 2, 'handling', '2026-03-18T06:00:00Z', null],
        [3, 2, 'dispatched', '2026-03-18T06:00:00Z', null],
      ],
      [
        [10, 1, 'responding'],
        [11, 2, 'responding'],
        [12, 2, 'on_scene'],
        [13, 3, 'dispatched'],
      ],
    )
    expect(rows.map((row) => row.stage)).toEqual(['moving', 'working', 'sent'])
  })
})

test('every open state has a stage; three of them wait for the desk', () => {
  const open = ['reported', 'verifying', 'accepted', 'filed', 'dispatched', 'handling', 'suspended', 'checking']
  expect(new Set(open.map((state) => stageOf(state)))).toEqual(new Set(stages.filter((stage) => stage !== 'moving')))
  expect(open.filter((state) => waitsForDesk(stageOf(state)))).toEqual(['reported', 'verifying', 'accepted', 'filed', 'checking'])
})

describe('a filter', () => {
  const [incident] = store([[1, 2, 'filed', '2026-03-18T06:00:00Z', '330122.330122003.330122003001']])

  test('that is empty lets everything through', () => {
    expect(passes(incident!, noFilter)).toBe(true)
  })

  test('of severity, stage and town must all fit', () => {
    expect(passes(incident!, { severities: [1, 2], stages: ['waiting'], town: '330122.330122003' })).toBe(true)
    expect(passes(incident!, { severities: [1], stages: [], town: null })).toBe(false)
    expect(passes(incident!, { severities: [], stages: ['checking'], town: null })).toBe(false)
  })

  test('of a town does not take the next one whose code begins alike', () => {
    expect(passes(incident!, { severities: [], stages: [], town: '330122.33012200' })).toBe(false)
  })
})
