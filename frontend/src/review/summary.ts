import type { components } from '../api/schema.gen'

export type Reviewed = components['schemas']['Reviewed']

export interface Summary {
  cases: number
  fresh: number
  closed: number
  left: number
  urgent: number
  /** Medians over the cases that began in the span, milliseconds; null where nothing was. */
  dispatchMs: number | null
  arriveMs: number | null
}

const finals = new Set(['closed', 'rejected', 'unfiled', 'voided', 'merged'])

/** What a span was like. Times are counted from the case's beginning to the first dispatch and the first arrival. O(cases × log). */
export function summarize(items: readonly Reviewed[], from: number, until: number): Summary {
  const began = items.filter(({ incident }) => Date.parse(incident.created_at) >= from)
  const left = items.filter(({ state_then }) => !finals.has(state_then)).length
  return {
    cases: items.length,
    fresh: began.length,
    closed: items.length - left,
    left,
    urgent: items.filter(({ incident }) => incident.severity === 1).length,
    dispatchMs: median(began.map((item) => after(item, (move) => move === 'task.dispatch' || move === 'dispatch'))),
    arriveMs: median(began.map((item) => after(item, (move) => move === 'task.arrive'))),
  }

  function after({ incident, log }: Reviewed, is: (move: string) => boolean): number | null {
    const entry = log.find(({ move, source_time }) => is(move) && Date.parse(source_time) < until)
    return entry ? Math.max(0, Date.parse(entry.source_time) - Date.parse(incident.created_at)) : null
  }
}

/** The middle one of those that are there. */
export function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b)
  const half = sorted.length >> 1
  if (sorted.length === 0) return null
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
