import type { LayerStore, Row } from '../live/store'
import { asSeverity, type SeverityLevel } from '../ui/Severity'
import { within } from './areas'

/** An open case as the live layer publishes it. */
export interface OpenIncident {
  id: number
  number: string
  title: string
  category: string
  severity: SeverityLevel
  state: string
  areaPath: string | null
  /** Milliseconds since the epoch. */
  createdAt: number
  /** When 80 % of the running limit have passed, and when all have; null while no clock runs. */
  amberAt: number | null
  dueAt: number | null
  revision: number
  stage: Stage
}

/** What a duty officer needs to know of a state at a glance, in the order of a case's life. */
export const stages = ['intake', 'waiting', 'sent', 'moving', 'working', 'suspended', 'checking'] as const
export type Stage = (typeof stages)[number]

/** Stages in which the case waits for somebody at this desk. */
export const waitsForDesk = (stage: Stage) => stage === 'intake' || stage === 'waiting' || stage === 'checking'

/** The stage of a state; the states of its open tasks tell units under way from units at work. */
export function stageOf(state: string, taskStates: readonly string[] = []): Stage {
  switch (state) {
    case 'filed':
      return 'waiting'
    case 'dispatched':
      return taskStates.includes('responding') ? 'moving' : 'sent'
    case 'handling':
      return taskStates.includes('responding') && !taskStates.includes('on_scene') ? 'moving' : 'working'
    case 'suspended':
      return 'suspended'
    case 'checking':
      return 'checking'
    default: // reported, verifying, accepted: nobody has decided yet
      return 'intake'
  }
}

export interface QueueFilter {
  severities: readonly SeverityLevel[]
  stages: readonly Stage[]
  /** Path of a town or of a village, or null for all. */
  town: string | null
}

export const noFilter: QueueFilter = { severities: [], stages: [], town: null }

/** Empty lists do not restrict. */
export function passes(incident: OpenIncident, filter: QueueFilter): boolean {
  return (
    (filter.severities.length === 0 || filter.severities.includes(incident.severity)) &&
    (filter.stages.length === 0 || filter.stages.includes(incident.stage)) &&
    (filter.town === null || within(incident.areaPath, filter.town))
  )
}

/** The most severe first, then the oldest; the id decides between equals, so that rows never jump about. */
export const byUrgency = (a: OpenIncident, b: OpenIncident) => a.severity - b.severity || a.createdAt - b.createdAt || a.id - b.id

/** States of the open tasks of every case. */
export function taskStates(tasks: LayerStore): Map<number, string[]> {
  const out = new Map<number, string[]>()
  for (const id of tasks.keys()) {
    const incident = Number(tasks.value(id, 'incident_id'))
    const states = out.get(incident)
    const state = String(tasks.value(id, 'state'))
    if (states) states.push(state)
    else out.set(incident, [state])
  }
  return out
}

export function openIncidents(incidents: LayerStore, tasks: LayerStore): OpenIncident[] {
  const states = taskStates(tasks)
  return Array.from(incidents.rows(), (row) => openIncident(row, states.get(row.id)))
}

const timeOf = (value: unknown) => (typeof value === 'string' ? Date.parse(value) : null)

/** How the running limit of a case stands: green under 80 %, amber to 100 %, then red. */
export type DueLamp = 'green' | 'amber' | 'red'

export function dueLamp({ amberAt, dueAt }: Pick<OpenIncident, 'amberAt' | 'dueAt'>, now: number): DueLamp {
  if (dueAt !== null && now > dueAt) return 'red'
  return amberAt !== null && now >= amberAt ? 'amber' : 'green'
}

export function openIncident(row: Row, tasks: readonly string[] | undefined): OpenIncident {
  const state = String(row.state)
  return {
    id: row.id,
    number: String(row.number ?? ''),
    title: String(row.title ?? ''),
    category: String(row.category ?? ''),
    severity: asSeverity(row.severity),
    state,
    areaPath: (row.area_path as string | null) ?? null,
    createdAt: Date.parse(String(row.created_at)),
    amberAt: timeOf(row.amber_at),
    dueAt: timeOf(row.due_at),
    revision: Number(row.revision),
    stage: stageOf(state, tasks),
  }
}
