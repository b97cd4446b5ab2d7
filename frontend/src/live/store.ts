import type { Geometry } from 'geojson'
import { type Column, newColumn } from './columns'
import type { DiffFrame, SnapshotFrame, Value } from './protocol'
import { ProtocolError } from './protocol'
import { type Lamp, connecting } from './lamp'
import { type Schedule, onFrame } from './schedule'

/** One row as readers get it. Attributes are the layer's published columns. */
export interface Row {
  readonly id: number
  readonly geometry: Geometry | null
  readonly [column: string]: unknown
}

/** What happened to a layer since the listener was called before. */
export interface LayerChange {
  /** Everything may be different: forget the rest and read the layer anew. */
  reset: boolean
  upserted: ReadonlySet<number>
  removed: ReadonlySet<number>
  /** Names "z/x/y" of tiles whose geometry changed. */
  tiles: ReadonlySet<string> | 'all'
}

export type LayerListener = (change: LayerChange) => void

/** More tile names than this between two frames are "all". */
const MAX_TILE_NAMES = 5000

/**
 * The copy of one layer: columns of typed arrays outside React, rows in no particular order. Listeners are called at most
 * once an animation frame with everything that changed. Not for use from workers.
 */
export class LayerStore {
  /** Grows with every applied frame: equal versions are equal contents. 0: nothing was loaded yet. */
  version = 0
  /** The position in the database's history that this copy has; the client resumes from it. */
  token: string | null = null

  private columns = new Map<string, Column>()
  private names: string[] = []
  private ids: number[] = []
  private slots = new Map<number, number>()
  private changed = new Map<number, number>() // id → version of its last change
  private geometry: (Geometry | null)[] = []
  private listeners = new Set<LayerListener>()
  private pending = newChange()
  private scheduled = false

  constructor(
    readonly name: string,
    private readonly schedule: Schedule,
  ) {}

  get size(): number {
    return this.ids.length
  }

  /** Whether a whole snapshot was received. Before that an empty layer means nothing. */
  get loaded(): boolean {
    return this.version > 0
  }

  get columnNames(): readonly string[] {
    return this.names
  }

  has(id: number): boolean {
    return this.slots.has(id)
  }

  get(id: number): Row | undefined {
    const slot = this.slots.get(id)
    return slot === undefined ? undefined : this.row(slot)
  }

  /** One attribute, without making a row. Undefined when the row or the column is not there. */
  value(id: number, column: string): Value | undefined {
    const slot = this.slots.get(id)
    return slot === undefined ? undefined : this.columns.get(column)?.get(slot)
  }

  geometryOf(id: number): Geometry | null {
    const slot = this.slots.get(id)
    return slot === undefined ? null : (this.geometry[slot] ?? null)
  }

  /** All rows. The layer must not be changed while iterating. */
  *rows(): IterableIterator<Row> {
    for (let slot = 0; slot < this.ids.length; slot++) yield this.row(slot)
  }

  keys(): IterableIterator<number> {
    return this.ids.values()
  }

  /** Calls visit with id and value of one column for every row: the cheap way through 100,000 of them. */
  each(column: string, visit: (id: number, value: Value) => void): void {
    const c = this.columns.get(column)
    for (let slot = 0; slot < this.ids.length; slot++) visit(this.ids[slot]!, c?.get(slot) ?? null)
  }

  /** How many rows hold each value of a column, e.g. cameras by status. */
  tally(column: string): Map<Value, number> {
    return this.columns.get(column)?.tally(this.ids.length) ?? new Map()
  }

  /** Version at which the row changed last, 0 when it is not there. */
  versionOf(id: number): number {
    return this.changed.get(id) ?? 0
  }

  subscribe(listener: LayerListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Forgets the layer and takes a whole snapshot, given in one or more parts. */
  load(parts: readonly SnapshotFrame[]): void {
    this.empty()
    this.version++
    this.names = [...(parts[0]?.columns ?? [])]
    for (const name of this.names) this.columns.set(name, newColumn())
    for (const part of parts) this.put(part.ids, part.values, part.geometry)
    this.token = parts.at(-1)?.token ?? null
    this.pending = { ...newChange(), reset: true, tiles: 'all' }
    this.announce()
  }

  /** Takes a diff. Throws ProtocolError when it does not fit the snapshot it follows. */
  apply(diff: DiffFrame): void {
    const ids = diff.ids ?? []
    const values = diff.values ?? []
    if (this.token === null) throw new ProtocolError(`${this.name}: a diff before the snapshot`)
    if (ids.length > 0 && values.length !== this.names.length) {
      throw new ProtocolError(`${this.name}: a diff of ${values.length} columns for a layer of ${this.names.length}`)
    }
    this.version++
    this.token = diff.token
    for (const id of diff.removed ?? []) this.remove(id)
    this.put(ids, values, diff.geometry)
    for (const id of ids) {
      this.pending.removed.delete(id)
      this.pending.upserted.add(id)
    }
    this.noteTiles(diff.tiles ?? [])
    this.announce()
  }

  /** Forgets everything, e.g. when the right to read the layer is gone. */
  clear(): void {
    if (this.version === 0 && this.size === 0) return
    this.empty()
    this.token = null
    this.version++
    this.pending = { ...newChange(), reset: true, tiles: 'all' }
    this.announce()
  }

  private empty(): void {
    this.columns.clear()
    this.names = []
    this.ids = []
    this.geometry = []
    this.slots.clear()
    this.changed.clear()
  }

  private row(slot: number): Row {
    const row: Record<string, unknown> = {}
    for (const name of this.names) row[name] = this.columns.get(name)!.get(slot)
    row.id = this.ids[slot]!
    row.geometry = this.geometry[slot] ?? null
    return row as Row
  }

  private put(ids: number[], values: Value[][], geometry: DiffFrame['geometry']): void {
    const columns = this.names.map((name) => this.columns.get(name)!)
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      let slot = this.slots.get(id)
      if (slot === undefined) {
        slot = this.ids.push(id) - 1
        this.slots.set(id, slot)
      }
      for (let c = 0; c < columns.length; c++) columns[c]!.set(slot, values[c]![i] ?? null)
      if (geometry) this.geometry[slot] = geometry[i] ?? null
      this.changed.set(id, this.version)
    }
  }

  private remove(id: number): void {
    const slot = this.slots.get(id)
    if (slot === undefined) return
    const last = this.ids.length - 1
    if (slot !== last) { // the last row takes the free slot
      const moved = this.ids[last]!
      this.ids[slot] = moved
      this.slots.set(moved, slot)
      for (const column of this.columns.values()) column.move(last, slot)
      if (this.geometry.length > 0) this.geometry[slot] = this.geometry[last] ?? null
    }
    this.ids.pop()
    if (this.geometry.length > last) this.geometry.length = last
    this.slots.delete(id)
    this.changed.delete(id)
    this.pending.upserted.delete(id)
    this.pending.removed.add(id)
  }

  private noteTiles(tiles: string[] | 'all'): void {
    if (this.pending.tiles === 'all') return
    if (tiles === 'all' || this.pending.tiles.size + tiles.length > MAX_TILE_NAMES) {
      this.pending.tiles = 'all'
      return
    }
    for (const name of tiles) this.pending.tiles.add(name)
  }

  private announce(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.schedule(() => {
      this.scheduled = false
      const change = this.pending
      this.pending = newChange()
      for (const listener of [...this.listeners]) listener(change)
    })
  }
}

interface PendingChange {
  reset: boolean
  upserted: Set<number>
  removed: Set<number>
  tiles: Set<string> | 'all'
}

function newChange(): PendingChange {
  return { reset: false, upserted: new Set(), removed: new Set(), tiles: new Set() }
}

/** The copies of all layers and the lamp that says whether they can be believed. */
export class LiveStore {
  private layers = new Map<string, LayerStore>()
  private lampListeners = new Set<() => void>()
  private current: Lamp = connecting

  constructor(private readonly schedule: Schedule = onFrame) {}

  /** The named layer; empty until it is subscribed and loaded. */
  layer(name: string): LayerStore {
    let layer = this.layers.get(name)
    if (!layer) {
      layer = new LayerStore(name, this.schedule)
      this.layers.set(name, layer)
    }
    return layer
  }

  get lamp(): Lamp {
    return this.current
  }

  setLamp(lamp: Lamp): void {
    this.current = lamp
    for (const listener of [...this.lampListeners]) listener()
  }

  subscribeLamp(listener: () => void): () => void {
    this.lampListeners.add(listener)
    return () => this.lampListeners.delete(listener)
  }

  /** Forgets every layer: nobody is signed in any more. */
  clear(): void {
    for (const layer of this.layers.values()) layer.clear()
  }
}
