import type { LayerChange, LayerStore } from '../live/store'
import type { LonLat } from './types'

/** A unit that gets its next fix later than this after the one before jumps to it: nothing is known of its way. */
const MAX_GAP_MS = 30_000
const MIN_GAP_MS = 200

/**
 * Where moving things are drawn between two fixes: from where they are shown to the new fix, in the time that passed between the last two.
 * Columns of numbers by slot; positions are EPSG:4326. Times are those of `performance.now()`.
 */
export class Motion {
  private slots = new Map<number, number>()
  private ids: number[] = []
  /** from lon, from lat, to lon, to lat, start, end, time of the last fix: seven numbers a slot. */
  private table = new Float64Array(7 * 64)

  /** Takes what changed in the layer of positions. Smooth false: everything jumps. */
  apply(layer: LayerStore, change: LayerChange, now: number, smooth: boolean): void {
    if (change.reset) {
      for (const id of [...this.ids]) if (!layer.has(id)) this.remove(id)
      for (const id of layer.keys()) this.fix(id, pointOf(layer, id), now, false)
      return
    }
    for (const id of change.removed) this.remove(id)
    for (const id of change.upserted) this.fix(id, pointOf(layer, id), now, smooth)
  }

  /** Where the thing is shown now; undefined when it is not known. */
  at(id: number, now: number): LonLat | undefined {
    const slot = this.slots.get(id)
    if (slot === undefined) return undefined
    const [lon0, lat0, lon1, lat1, start, end] = this.table.subarray(slot * 7, slot * 7 + 6) as unknown as [number, number, number, number, number, number]
    const t = end <= start ? 1 : Math.min(1, Math.max(0, (now - start) / (end - start)))
    return [lon0 + (lon1 - lon0) * t, lat0 + (lat1 - lat0) * t]
  }

  /** Whether anything still moves. */
  moving(now: number): boolean {
    for (let slot = 0; slot < this.ids.length; slot++) if (this.table[slot * 7 + 5]! > now) return true
    return false
  }

  /** Whether the thing is between two fixes. */
  isMoving(id: number, now: number): boolean {
    const slot = this.slots.get(id)
    return slot !== undefined && this.table[slot * 7 + 5]! > now
  }

  get keys(): readonly number[] {
    return this.ids
  }

  private fix(id: number, to: LonLat | null, now: number, smooth: boolean): void {
    if (!to) return this.remove(id)
    const from = this.at(id, now)
    let slot = this.slots.get(id)
    if (slot === undefined) {
      slot = this.ids.push(id) - 1
      this.slots.set(id, slot)
      if ((slot + 1) * 7 > this.table.length) {
        const grown = new Float64Array(this.table.length * 2)
        grown.set(this.table)
        this.table = grown
      }
      this.table[slot * 7 + 6] = now
    }
    const row = slot * 7
    const gap = now - this.table[row + 6]!
    const glide = smooth && from !== undefined && gap <= MAX_GAP_MS ? Math.max(MIN_GAP_MS, gap) : 0
    const start = glide > 0 ? from! : to
    this.table.set([start[0], start[1], to[0], to[1], now, now + glide, now], row)
  }

  private remove(id: number): void {
    const slot = this.slots.get(id)
    if (slot === undefined) return
    const last = this.ids.length - 1
    const moved = this.ids[last]!
    this.ids[slot] = moved
    this.slots.set(moved, slot)
    this.table.copyWithin(slot * 7, last * 7, last * 7 + 7)
    this.ids.pop()
    this.slots.delete(id)
  }
}

function pointOf(layer: LayerStore, id: number): LonLat | null {
  const geometry = layer.geometryOf(id)
  return geometry?.type === 'Point' ? [geometry.coordinates[0]!, geometry.coordinates[1]!] : null
}
