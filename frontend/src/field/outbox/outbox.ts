import { asApiError } from '../../api/error'
import { createStore, type Store } from '../../lib/store'
import type { FieldDatabase } from './database'
import { awake, type Item, nextTry, type Outcome, pending, type Photo, ready, refuseFollowers, settle, type Step } from './items'

/** How things go to the server; every call throws an ApiError. */
export interface Transport {
  step(step: Step): Promise<void>
  /** Announces a photo: its id at the server, and how many bytes are there. */
  begin(photo: Photo): Promise<{ id: number; received: number }>
  part(id: number, offset: number, bytes: Blob): Promise<{ received: number }>
}

/** Bytes of one part: small enough that a bad line loses little. */
export const PART = 1 << 20
const KEEP_SENT = 24 * 3_600_000

/** The outbox of one person on this phone. Items are on the disk before anybody is told that they wait. */
export class Outbox {
  readonly items: Store<Item[]> = createStore<Item[]>([])
  private timer: ReturnType<typeof setTimeout> | undefined
  private running: Promise<void> | null = null
  private again = false
  private stopped = true
  /** There is no session: nothing is tried until the person has logged in. */
  private locked = false

  constructor(
    private readonly db: FieldDatabase,
    private readonly user: number,
    private readonly transport: Transport,
    private readonly now: () => number = Date.now,
    private readonly onSent: (item: Item) => void = () => {},
  ) {}

  /** Reads what is kept, and begins to send. */
  async start(): Promise<void> {
    this.stopped = false
    const all = (await this.db.getAll('items')).filter((item) => item.user === this.user).map(awake)
    for (const item of all.filter((each) => each.state === 'sent' && Date.parse(each.made) < this.now() - KEEP_SENT)) await this.forget(item.id)
    this.items.set(all.filter((item) => item.state !== 'sent' || Date.parse(item.made) >= this.now() - KEEP_SENT).sort((a, b) => a.seq - b.seq))
    this.wake()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }

  /** Puts something in; it is safe when the promise is fulfilled. */
  async add(draft: Omit<Step, Made> | Omit<Photo, Made>, bytes?: Blob): Promise<void> {
    const seq = 1 + Math.max(0, ...this.items.get().map((item) => item.seq))
    const item = { ...draft, user: this.user, seq, state: 'waiting', tries: 0, notBefore: 0 } as Item
    const tx = this.db.transaction(['items', 'bytes'], 'readwrite')
    await Promise.all([tx.objectStore('items').put(item), bytes && tx.objectStore('bytes').put(bytes, item.id), tx.done])
    this.items.set((now) => [...now, item])
    this.wake()
  }

  /** Somebody has read why something was refused. */
  async dismiss(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.forget(id)
    this.items.set((now) => now.filter((item) => !ids.includes(item.id)))
  }

  /** The network is back, or somebody presses "now": pauses are over. */
  hurry(): void {
    this.locked = false
    this.items.set((now) => now.map((item) => (pending(item) && item.notBefore > 0 ? { ...item, notBefore: 0 } : item)))
    this.wake()
  }

  bytesOf(id: string): Promise<Blob | undefined> {
    return this.db.get('bytes', id)
  }

  private wake(): void {
    clearTimeout(this.timer)
    if (this.stopped || this.locked) return
    if (this.running) {
      this.again = true
      return
    }
    this.running = this.alone(() => this.round()).finally(() => {
      this.running = null
      if (this.stopped || this.locked) return
      if (this.again) {
        this.again = false
        this.wake()
        return
      }
      const due = nextTry(this.items.get())
      if (due !== null) this.timer = setTimeout(() => this.wake(), Math.max(250, due - this.now()))
    })
  }

  /** Fulfilled when nothing is under way, for tests. */
  async quiet(): Promise<void> {
    while (this.running) await this.running
  }

  /** Of several open pages one sends at a time. */
  private alone(work: () => Promise<void>): Promise<void> {
    return globalThis.navigator?.locks ? navigator.locks.request(`wanglou-outbox-${this.user}`, work).then(() => {}) : work()
  }

  private async round(): Promise<void> {
    for (;;) {
      if (this.stopped) return
      const [item] = ready(this.items.get(), this.now())
      if (!item) return
      const stored = await this.db.get('items', item.id) // another page may have sent it meanwhile
      if (stored && !pending(stored)) {
        this.replace(stored)
        continue
      }
      await this.save({ ...item, state: 'sending' })
      const outcome = await this.send(item)
      const after = settle(this.find(item.id) ?? item, outcome, this.now())
      await this.save(after)
      if (after.state === 'sent') {
        if (after.kind === 'photo') await this.db.delete('bytes', after.id)
        this.onSent(after)
      }
      if (after.state === 'refused') {
        for (const follower of refuseFollowers(this.items.get(), after)) if (follower !== this.find(follower.id)) await this.save(follower)
        this.onSent(after)
      }
      if (after.why?.code === 'unauthorized') {
        this.locked = true
        return
      }
    }
  }

  private async send(item: Item): Promise<Outcome> {
    try {
      if (item.kind === 'step') await this.transport.step(item)
      else await this.sendPhoto(item)
      return { done: true }
    } catch (cause) {
      return { done: false, error: asApiError(cause) }
    }
  }

  private async sendPhoto(photo: Photo): Promise<void> {
    const bytes = await this.bytesOf(photo.id)
    if (!bytes) return // sent, by a page that was closed before it could say so
    let { id, received } = await this.transport.begin(photo)
    this.progress(photo.id, received)
    do {
      ;({ received } = await this.transport.part(id, received, bytes.slice(received, received + PART)))
      this.progress(photo.id, received)
    } while (received < photo.size)
  }

  private progress(id: string, received: number): void {
    this.items.set((now) => now.map((item) => (item.id === id && item.kind === 'photo' ? { ...item, received } : item)))
  }

  private find = (id: string) => this.items.get().find((item) => item.id === id)

  private replace(next: Item): void {
    this.items.set((now) => now.map((item) => (item.id === next.id ? next : item)))
  }

  private async save(item: Item): Promise<void> {
    await this.db.put('items', item)
    this.replace(item)
  }

  private async forget(id: string): Promise<void> {
    const tx = this.db.transaction(['items', 'bytes'], 'readwrite')
    await Promise.all([tx.objectStore('items').delete(id), tx.objectStore('bytes').delete(id), tx.done])
  }
}

/** What the outbox itself fills in. */
type Made = 'user' | 'seq' | 'state' | 'tries' | 'notBefore'
