import type { LayerStore } from '../../live/store'

/** A grave case that nobody has acknowledged. */
export interface Alarm {
  incident: number
  title: string
  areaPath: string | null
}

/** In these nobody has been sent: the alarm is the desk's to answer. */
const waiting = new Set<unknown>(['reported', 'verifying', 'accepted', 'filed'])

/** A case that is older than this is no news, whoever forgot to acknowledge it. */
export const NEWS_MS = 24 * 3_600_000

/** What sounds at `now`, the newest first: severity 1, not acknowledged, nobody sent yet. */
export function ringing(incidents: LayerStore, now: number): Alarm[] {
  const found: (Alarm & { at: number })[] = []
  incidents.each('severity', (incident, severity) => {
    if (severity !== 1 || incidents.value(incident, 'alarm_at') !== null) return
    if (!waiting.has(incidents.value(incident, 'state'))) return
    const at = Date.parse(String(incidents.value(incident, 'created_at')))
    if (!(now - at < NEWS_MS)) return
    found.push({ incident, at, title: String(incidents.value(incident, 'title') ?? ''), areaPath: (incidents.value(incident, 'area_path') as string | null) ?? null })
  })
  return found.sort((a, b) => b.at - a.at || b.incident - a.incident).map(({ at: _, ...alarm }) => alarm)
}

/** Whether this screen makes a sound. A wall without hands is silent unless its scene says `alarm=on`; of people, those who can answer hear it. */
export function hears(screen: { wall: boolean; sends: boolean; replaying: boolean }, search: string): boolean {
  if (screen.replaying) return false
  return screen.wall ? new URLSearchParams(search).get('alarm') === 'on' : screen.sends
}
