import type { components } from '../../api/schema.gen'
import { dueLamp, type OpenIncident } from '../../domain/incidents'

export type Watched = components['schemas']['Watched']
export type CaseRequest = components['schemas']['CaseRequest']

/** What the board counts, in the order in which it shows. */
export const columns = ['overdue', 'soon', 'supervised', 'urged', 'unanswered', 'returned', 'reworked'] as const
export type Column = (typeof columns)[number]

export interface Entry {
  incident: OpenIncident
  /** '' where no unit works on it. */
  department: string
  in: ReadonlySet<Column>
}

export interface Source {
  incidents: readonly OpenIncident[]
  watched: readonly Watched[]
  /** Open supervisions. */
  supervisions: readonly Pick<CaseRequest, 'incident_id'>[]
  /** Cases of which a unit has not acknowledged its task in time. */
  unanswered: ReadonlySet<number>
  now: number
  english: boolean
}

/** Every open case of which the board has something to say. */
export function entries({ incidents, watched, supervisions, unanswered, now, english }: Source): Entry[] {
  const known = new Map(watched.map((each) => [each.incident_id, each]))
  const supervised = new Set(supervisions.map((each) => each.incident_id))
  const out: Entry[] = []
  for (const incident of incidents) {
    const more = known.get(incident.id)
    const lamp = dueLamp(incident, now)
    const found = new Set<Column>()
    if (lamp === 'red') found.add('overdue')
    if (lamp === 'amber') found.add('soon')
    if (supervised.has(incident.id)) found.add('supervised')
    if (more?.urged_at && !more.answered) found.add('urged')
    if (unanswered.has(incident.id)) found.add('unanswered')
    if (more && more.returned > 0) found.add('returned')
    if (more && more.reworked > 0) found.add('reworked')
    if (found.size > 0) out.push({ incident, department: (more && ((english && more.department_en) || more.department)) ?? '', in: found })
  }
  return out
}

export interface Group {
  key: string
  counts: Record<Column, number>
}

const none = (): Record<Column, number> => ({ overdue: 0, soon: 0, supervised: 0, urged: 0, unanswered: 0, returned: 0, reworked: 0 })

/** Counts by whatever: those with the most overdue first, then by name; a case of no group is under ''. */
export function grouped(all: readonly Entry[], keyOf: (entry: Entry) => string): Group[] {
  const groups = new Map<string, Group>()
  for (const entry of all) {
    const key = keyOf(entry)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { key, counts: none() }))
    for (const column of entry.in) group.counts[column]++
  }
  return [...groups.values()].sort((a, b) => b.counts.overdue - a.counts.overdue || b.counts.soon - a.counts.soon || a.key.localeCompare(b.key))
}

export const totals = (all: readonly Entry[]): Record<Column, number> => grouped(all, () => '')[0]?.counts ?? none()

/** The cases behind a number, those that are over for longest first. */
export function behind(all: readonly Entry[], column: Column, only: (entry: Entry) => boolean): Entry[] {
  return all
    .filter((entry) => entry.in.has(column) && only(entry))
    .sort((a, b) => (a.incident.dueAt ?? Infinity) - (b.incident.dueAt ?? Infinity) || a.incident.severity - b.incident.severity || a.incident.id - b.incident.id)
}
