import type { LayerChange, LayerStore } from '../live/store'

/** Where the map keeps the state of features. */
export interface StateTarget {
  set(id: number, status: string): void
}

/**
 * Puts the status of cameras on the map. A camera without a state is drawn as online, so only abnormal ones and those that recovered
 * are ever touched: of 100,000 some thousands at first, then what changes. Keeps its own copy for `reapply`.
 */
export class CameraStates {
  private applied = new Map<number, string>()

  constructor(
    private readonly layer: LayerStore,
    private readonly target: StateTarget,
  ) {}

  apply(change: LayerChange): void {
    if (change.reset) {
      const abnormal = new Map<number, string>()
      this.layer.each('status', (id, status) => {
        if (status !== 'online') abnormal.set(id, String(status ?? 'unknown'))
      })
      for (const id of this.applied.keys()) if (!abnormal.has(id)) this.put(id, 'online')
      for (const [id, status] of abnormal) this.put(id, status)
      return
    }
    for (const id of change.upserted) this.put(id, String(this.layer.value(id, 'status') ?? 'unknown'))
    for (const id of change.removed) this.put(id, 'online') // the id may come back with another tile
  }

  /** The map forgot all states, e.g. with its graphics context. */
  reapply(): void {
    for (const [id, status] of this.applied) this.target.set(id, status)
  }

  private put(id: number, status: string): void {
    if ((this.applied.get(id) ?? 'online') === status) return
    if (status === 'online') this.applied.delete(id)
    else this.applied.set(id, status)
    this.target.set(id, status)
  }
}
