import { ProtocolError, type DiffFrame, type ErrorFrame, type SnapshotFrame, type Subscription } from './protocol'
import type { LiveStore } from './store'

/** More rows than this in the parts of one snapshot is not a layer but a fault. */
const MAX_ROWS = 5_000_000

/**
 * Applies frames to the store, without any I/O: whatever the cuts and the order of reconnects, a store that was given all
 * frames since its tokens equals the server's. A snapshot in parts is taken at once when its last part is there, so a
 * reader never sees half a layer.
 */
export class Copy {
  private wanted = new Map<string, Subscription>()
  private parts = new Map<string, SnapshotFrame[]>()

  constructor(readonly live: LiveStore) {}

  get subscriptions(): Iterable<Subscription> {
    return this.wanted.values()
  }

  /** Wants a layer. A change between state and geometry starts anew. */
  want(subscription: Subscription): void {
    const before = this.wanted.get(subscription.layer)
    if (before && before.geometry !== subscription.geometry) this.live.layer(subscription.layer).token = null
    this.parts.delete(subscription.layer)
    this.wanted.set(subscription.layer, subscription)
  }

  unwant(layer: string): void {
    this.wanted.delete(layer)
    this.parts.delete(layer)
    this.live.layer(layer).clear()
  }

  token(layer: string): string | null {
    return this.live.layer(layer).token
  }

  /** The connection ended: the parts of a snapshot that did not come are lost with those that did. */
  disconnected(): void {
    this.parts.clear()
  }

  /** The next connection starts from snapshots. What is there stays to be seen until they come. */
  forgetTokens(): void {
    for (const { layer } of this.wanted.values()) this.live.layer(layer).token = null
  }

  /** Applies a frame about a layer. Throws ProtocolError when the copy is out of step and must start anew. */
  apply(frame: SnapshotFrame | DiffFrame | ErrorFrame): void {
    if (frame.layer === undefined || !this.wanted.has(frame.layer)) return // unsubscribed while it was under way
    const layer = this.live.layer(frame.layer)
    switch (frame.type) {
      case 'snapshot': {
        const before = this.parts.get(frame.layer) ?? []
        const parts = (frame.part ?? 0) === 0 ? [frame] : [...before, frame]
        if ((frame.part ?? 0) !== parts.length - 1) throw new ProtocolError(`${frame.layer}: part ${frame.part} of a snapshot after ${before.length} parts`)
        if (parts.reduce((rows, part) => rows + part.ids.length, 0) > MAX_ROWS) throw new ProtocolError(`${frame.layer}: the snapshot is too large`)
        if (frame.more) {
          this.parts.set(frame.layer, parts)
          return
        }
        this.parts.delete(frame.layer)
        layer.load(parts)
        return
      }
      case 'diff':
        if (this.parts.has(frame.layer)) throw new ProtocolError(`${frame.layer}: a diff inside a snapshot`)
        layer.apply(frame)
        return
      case 'error': // refused: what may not be read must not stay on the screen
        this.parts.delete(frame.layer)
        layer.clear()
    }
  }
}
