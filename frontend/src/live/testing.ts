import type { Schedule } from './schedule'
import type { DiffFrame, SnapshotFrame, Value } from './protocol'
import type { LayerStore } from './store'

/** A schedule that runs when the test says so. */
export function manualSchedule(): { schedule: Schedule; flush: () => void } {
  let tasks: (() => void)[] = []
  return {
    schedule: (task) => void tasks.push(task),
    flush: () => {
      const now = tasks
      tasks = []
      for (const task of now) task()
    },
  }
}

/** A server's side of one layer: rows, and frames about them as docs/protocol.md says. */
export class FakeLayer {
  rows = new Map<number, { values: Value[]; version: number }>()
  tombstones = new Map<number, number>()
  version = 1

  constructor(
    readonly name: string,
    readonly columns: string[],
    public epoch = 'e.1',
  ) {}

  get token(): string {
    return `${this.epoch}/${this.version.toString(16)}`
  }

  put(id: number, ...values: Value[]): void {
    this.rows.set(id, { values, version: ++this.version })
    this.tombstones.delete(id)
  }

  remove(id: number): void {
    if (this.rows.delete(id)) this.tombstones.set(id, ++this.version)
  }

  snapshot(partSize = Infinity): SnapshotFrame[] {
    const all = [...this.rows]
    const frames: SnapshotFrame[] = []
    for (let from = 0; from === 0 || from < all.length; from += partSize) {
      const rows = all.slice(from, partSize === Infinity ? undefined : from + partSize)
      const part = frames.length
      frames.push({
        type: 'snapshot',
        layer: this.name,
        token: this.token,
        columns: this.columns,
        ids: rows.map(([id]) => id),
        values: this.columns.map((_, c) => rows.map(([, row]) => row.values[c]!)),
        more: false,
        ...(part > 0 ? { part } : {}),
      })
      if (partSize === Infinity) break
    }
    for (const frame of frames.slice(0, -1)) frame.more = true
    return frames
  }

  /** What changed after a token; null when the token is of another history. */
  since(token: string): DiffFrame | null {
    const [epoch, hex] = token.split('/')
    if (epoch !== this.epoch) return null
    const from = parseInt(hex!, 16)
    const rows = [...this.rows].filter(([, row]) => row.version > from)
    return {
      type: 'diff',
      layer: this.name,
      token: this.token,
      removed: [...this.tombstones].filter(([, version]) => version > from).map(([id]) => id),
      ids: rows.map(([id]) => id),
      values: this.columns.map((_, c) => rows.map(([, row]) => row.values[c]!)),
      tiles: [],
    }
  }

  /** The rows as a reader of the store must see them. */
  expected(): Map<number, Record<string, Value>> {
    return new Map([...this.rows].map(([id, row]) => [id, Object.fromEntries(this.columns.map((c, i) => [c, row.values[i]!]))]))
  }
}

/** The rows of a store in the same form. */
export function contents(layer: LayerStore): Map<number, Record<string, Value>> {
  const out = new Map<number, Record<string, Value>>()
  for (const { id, geometry: _, ...values } of layer.rows()) out.set(id, values as Record<string, Value>)
  return out
}
