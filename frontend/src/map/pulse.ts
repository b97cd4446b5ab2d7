import type { LayerChange, LayerStore } from '../live/store'
import type { MapFeature } from './diffSource'

export const PULSE_MS = 20_000
const BEAT_MS = 1600

/** The ring around a new incident at one moment. */
export interface Beat {
  radius: number
  opacity: number
}

/**
 * Which incidents of severity 1 are new and may move: nothing else on the map does. An incident is new when it appears in a store that was
 * already loaded, also after a break of the connection.
 */
export class Pulse {
  private known: Set<number> | null = null
  private until = new Map<number, number>()

  apply(layer: LayerStore, change: LayerChange, now: number): void {
    if (!layer.loaded) return
    const before = this.known
    if (before === null || change.reset) {
      this.known = new Set(layer.keys())
      if (before) for (const id of this.known) if (!before.has(id)) this.begin(layer, id, now)
    } else {
      for (const id of change.upserted) {
        if (!before.has(id)) this.begin(layer, id, now)
        before.add(id)
      }
      for (const id of change.removed) before.delete(id)
    }
    for (const id of this.until.keys()) if (!layer.has(id)) this.until.delete(id)
  }

  /** The rings that still beat. */
  features(layer: LayerStore, now: number): MapFeature[] {
    const out: MapFeature[] = []
    for (const [id, until] of this.until) {
      const geometry = layer.geometryOf(id)
      if (until <= now) this.until.delete(id)
      else if (geometry) out.push({ type: 'Feature', id, geometry, properties: {} })
    }
    return out
  }

  private begin(layer: LayerStore, id: number, now: number): void {
    if (layer.value(id, 'severity') === 1) this.until.set(id, now + PULSE_MS)
  }
}

/** A ring that widens and fades, or stands still where motion is not wanted. Radius in pixels at scale 1. */
export function beat(now: number, still: boolean): Beat {
  if (still) return { radius: 26, opacity: 0.9 }
  const t = (now % BEAT_MS) / BEAT_MS
  const eased = 1 - (1 - t) ** 2
  return { radius: 16 + 34 * eased, opacity: 0.95 * (1 - t) }
}
