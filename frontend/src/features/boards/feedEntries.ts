import type { LayerStore } from '../../live/store'

/** Something that happened to an open case, read from the times of cases and tasks. */
export interface FeedEntry {
  key: string
  at: number
  incident: number
  title: string
  severity: unknown
  /** "created", or the state that a task came to. */
  what: 'created' | 'dispatched' | 'acknowledged' | 'responding' | 'on_scene'
  /** Who came to it; empty for a new case. */
  unit: string
}

const steps = ['dispatched', 'acknowledged', 'responding', 'on_scene'] as const

/** The newest happenings first, at most `limit`. */
export function feedEntries(incidents: LayerStore, tasks: LayerStore, units: LayerStore, limit: number): FeedEntry[] {
  const out: FeedEntry[] = []
  incidents.each('created_at', (id, at) => {
    out.push({ key: `i${id}`, at: Date.parse(String(at)), incident: id, title: String(incidents.value(id, 'title')), severity: incidents.value(id, 'severity'), what: 'created', unit: '' })
  })
  for (const task of tasks.keys()) {
    const incident = Number(tasks.value(task, 'incident_id'))
    if (!incidents.has(incident)) continue
    for (const what of steps) {
      const at = tasks.value(task, `${what}_at`)
      if (typeof at !== 'string') continue
      out.push({
        key: `t${task}${what}`,
        at: Date.parse(at),
        incident,
        title: String(incidents.value(incident, 'title')),
        severity: incidents.value(incident, 'severity'),
        what,
        unit: String(units.value(Number(tasks.value(task, 'unit_id')), 'name') ?? ''),
      })
    }
  }
  return out.sort((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1)).slice(0, limit)
}
