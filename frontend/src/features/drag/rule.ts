import type { LiveStore } from '../../live/store'
import type { FeatureRef } from '../../map/types'

/** Cases in these states take one more unit: the server says the same. */
const takes = new Set<unknown>(['filed', 'dispatched', 'handling'])

export interface Pair {
  unit: number
  incident: number
}

/** What would be sent where, or null where two things are no unit and case. */
export function pairOf(a: FeatureRef | null, b: FeatureRef | null): Pair | null {
  if (a?.layer === 'unit' && b?.layer === 'incident') return { unit: a.id, incident: b.id }
  if (a?.layer === 'incident' && b?.layer === 'unit') return { unit: b.id, incident: a.id }
  return null
}

export interface Verdict {
  may: boolean
  /** Key of what is said, under `drag`. */
  key: 'send' | 'gone' | 'caseState' | 'already' | 'busy' | 'offDuty'
  unit: string
  title: string
  status?: string
}

/** What a drop will do, or why the unit may not go. The recommendation's other reasons (far, another skill) are advice, and stand in its list. */
export function verdict(live: Pick<LiveStore, 'layer'>, { unit, incident }: Pair): Verdict {
  const units = live.layer('unit')
  const incidents = live.layer('incident')
  const tasks = live.layer('task')
  const status = units.value(unit, 'status')
  const state = incidents.value(incident, 'state')
  const out = { unit: String(units.value(unit, 'name') ?? ''), title: String(incidents.value(incident, 'title') ?? ''), status: String(status ?? '') }
  if (status == null || state == null) return { ...out, may: false, key: 'gone' }
  if (!takes.has(state)) return { ...out, may: false, key: 'caseState' }
  let already = false
  tasks.each('unit_id', (task, of) => {
    if (of === unit && tasks.value(task, 'incident_id') === incident) already = true
  })
  if (already) return { ...out, may: false, key: 'already' }
  if (status === 'off_duty') return { ...out, may: false, key: 'offDuty' }
  if (status !== 'available') return { ...out, may: false, key: 'busy' }
  return { ...out, may: true, key: 'send' }
}
