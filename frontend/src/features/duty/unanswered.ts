import type { LayerStore } from '../../live/store'

/** A task that its unit has not acknowledged in time, and that nobody has acted upon. */
export interface Unanswered {
  task: number
  incident: number
  unit: number
  /** 1: the dispatcher is told, 2: the shift leader, too. */
  level: 1 | 2
  /** When it was sent: milliseconds since the epoch. */
  since: number
}

const known = new WeakMap<LayerStore, { version: number; found: Unanswered[] }>()

/** All of them, the longest waiting first; read once for each version of the layer, however many rows of the queue ask. */
export function unanswered(tasks: LayerStore): Unanswered[] {
  const before = known.get(tasks)
  if (before?.version === tasks.version) return before.found
  const found: Unanswered[] = []
  tasks.each('escalation', (task, level) => {
    if (level !== 1 && level !== 2) return
    if (tasks.value(task, 'state') !== 'dispatched') return
    found.push({ task, incident: Number(tasks.value(task, 'incident_id')), unit: Number(tasks.value(task, 'unit_id')), level, since: Date.parse(String(tasks.value(task, 'dispatched_at'))) })
  })
  found.sort((a, b) => a.since - b.since || a.task - b.task)
  known.set(tasks, { version: tasks.version, found })
  return found
}

/** What the mark of a case shows: the highest level, and the longest wait. */
export function worst(found: readonly Unanswered[], incident: number): Unanswered | null {
  const own = found.filter((each) => each.incident === incident)
  return own.length === 0 ? null : { ...own[0]!, level: own.some(({ level }) => level === 2) ? 2 : 1 }
}

/** Whom a notice is for: the dispatcher first, then the shift leader; without a dispatcher on duty it is the leader's at once. */
export function isTold(level: 1 | 2, person: { dispatcher: boolean; sends: boolean }, dispatcherOnDuty: boolean): boolean {
  if (!person.sends) return false
  return level === 2 || person.dispatcher || !dispatcherOnDuty
}
