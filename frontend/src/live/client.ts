import { Copy } from './copy'
import { type Signs, Latency, nextLamp } from './lamp'
import { Close, type ErrorFrame, type Subscription, ProtocolError, parseFrame } from './protocol'
import type { ReplayHead } from './replay'
import type { LiveStore } from './store'
import { setServerTime } from '../lib/clock'

const BACKOFF_MIN_MS = 500
const BACKOFF_MAX_MS = 10_000
/** From the first try to hello. */
const CONNECT_MS = 10_000
const TICK_MS = 1000
/** A timer that comes this late: the computer slept, or the page was frozen. */
const SLEEP_MS = 5000
/** After a sleep the connection must show a sign of life within this time. */
const WAKE_MS = 3000

export interface ClientOptions {
  live: LiveStore
  /** Address of the websocket; by default /live of the page's host. */
  url?: string
  /** No session any more: the person has to log in. The client has stopped and the store is empty. */
  onUnauthorized?: () => void
  /** Which replay the walls show: every heartbeat tells. */
  onWalls?: (id: string | null) => void
  /** Where the replay stands that is watched: every heartbeat tells. */
  onReplay?: (head: ReplayHead) => void
  /** The replay is over. The client has stopped. */
  onReplayOver?: () => void
  /** The user may do something else now. */
  onRights?: () => void
  /** The server refused a layer. */
  onRefused?: (error: ErrorFrame) => void
  /** The server could not read what this client sends; it has stopped. The program is too old: reload. */
  onFatal?: (message: string) => void
  /** For tests: 0 ≤ random() < 1. */
  random?: () => number
}

/**
 * Keeps the live store equal to the server's copy over one websocket (docs/protocol.md): subscribes, resumes by token,
 * reconnects with backoff, watches the heartbeat, and says by the lamp how far the picture can be believed.
 */
export class LiveClient {
  private readonly copy: Copy
  private readonly latency = new Latency()
  private socket: WebSocket | null = null
  private greeted = false
  private running = false
  private attempts = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private ticker: ReturnType<typeof setInterval> | undefined
  private lastTick = 0
  /** The connection is given up when nothing was heard by then. */
  private deadline = 0
  private heartbeatMs = 5000
  private downSince: number | null = null
  private heartbeat: Signs['heartbeat'] = null
  private rightsChangedAt = -Infinity
  /** Reads binary frames; loaded with the first subscription that wants them. */
  private bulk: typeof import('./bulk') | undefined

  constructor(private readonly options: ClientOptions) {
    this.copy = new Copy(options.live)
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.downSince = Date.now()
    this.lastTick = Date.now()
    this.ticker = setInterval(this.tick, TICK_MS)
    globalThis.addEventListener?.('online', this.wake)
    this.connect()
  }

  /** Ends the connection. The store keeps what it has; the lamp does not move any more. */
  stop(): void {
    this.running = false
    clearInterval(this.ticker)
    clearTimeout(this.retry)
    globalThis.removeEventListener?.('online', this.wake)
    this.drop(1000)
  }

  subscribe(subscription: Subscription): void {
    this.copy.want(subscription)
    if (this.greeted) this.send(subscription)
  }

  unsubscribe(layer: string): void {
    this.copy.unwant(layer)
    if (this.greeted) this.socket?.send(JSON.stringify({ type: 'unsubscribe', layer }))
  }

  private connect(): void {
    clearTimeout(this.retry)
    this.retry = undefined
    const socket = new WebSocket(this.options.url ?? `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`)
    this.socket = socket
    this.greeted = false
    this.deadline = Date.now() + CONNECT_MS
    socket.binaryType = 'arraybuffer'
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.socket) this.receive(event.data)
    }
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code)
    }
  }

  private receive(data: string | ArrayBuffer): void {
    const now = Date.now()
    this.deadline = now + 2 * this.heartbeatMs + 2000
    try {
      const frame = typeof data === 'string' ? parseFrame(data) : this.bulk!.parseBulk(data)
      switch (frame.type) {
        case 'hello':
          this.greeted = true
          this.downSince = null
          this.heartbeatMs = frame.heartbeat_s * 1000 || this.heartbeatMs
          for (const subscription of this.copy.subscriptions) this.send(subscription)
          return
        case 'heartbeat': {
          this.attempts = 0 // it stands: the next loss starts with a short wait again
          const sent = Date.parse(frame.time)
          const heard = frame.heard === null ? sent : Date.parse(frame.heard)
          this.heartbeat = {
            arrivedAt: now,
            heardAgeMs: sent - heard,
            source: frame.source,
            latencyMs: this.latency.measure(now, sent),
          }
          this.light()
          this.options.onWalls?.(frame.walls ?? null)
          if (frame.replay) {
            setServerTime(new Date(frame.replay.at), frame.replay.playing ? frame.replay.speed : 0)
            this.options.onReplay?.(frame.replay)
          } else setServerTime(new Date(sent))
          return
        }
        case 'error':
          this.copy.apply(frame)
          this.options.onRefused?.(frame)
          return
        default:
          this.copy.apply(frame)
      }
    } catch (err) {
      if (!(err instanceof ProtocolError)) throw err
      console.warn('live: out of step, starting anew:', err.message)
      this.copy.forgetTokens()
      this.drop(4000)
      this.lost()
    }
  }

  private send({ layer, geometry, bulk }: Subscription): void {
    if (bulk && !this.bulk) {
      void import('./bulk').then(
        (bulk) => {
          this.bulk = bulk
          if (this.greeted) this.resend(layer)
        },
        () => this.send({ layer, geometry }), // the reader cannot be had: JSON says the same
      )
      return
    }
    const token = this.copy.token(layer) ?? undefined
    this.socket?.send(JSON.stringify({ type: 'subscribe', layer, geometry, format: bulk ? 'binary' : undefined, token }))
  }

  /** Subscribes to what is still wanted of a layer. */
  private resend(layer: string): void {
    for (const subscription of this.copy.subscriptions) if (subscription.layer === layer) this.send(subscription)
  }

  private closed(code: number): void {
    this.drop()
    switch (code) {
      case Close.noSession:
        this.stop()
        this.options.live.clear()
        this.options.onUnauthorized?.()
        return
      case Close.noReplay:
        this.stop()
        this.options.onReplayOver?.()
        return
      case Close.badFrame:
        this.stop()
        this.downSince = -Infinity // it will not come back: offline at once
        this.light()
        this.options.onFatal?.('the server cannot read what this page sends')
        return
      case Close.rightsChanged: {
        this.copy.forgetTokens()
        this.options.onRights?.()
        const again = Date.now() - this.rightsChangedAt < BACKOFF_MAX_MS
        this.rightsChangedAt = Date.now()
        this.lost(again ? undefined : 0)
        return
      }
      default:
        this.lost()
    }
  }

  /** The connection is gone: the next one is tried after a wait that doubles, spread so that a thousand walls do not come at once. */
  private lost(waitMs?: number): void {
    this.downSince ??= Date.now()
    this.light()
    if (!this.running || this.retry !== undefined) return
    const longest = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(this.attempts++, 10))
    const random = this.options.random ?? Math.random
    this.retry = setTimeout(() => this.connect(), waitMs ?? Math.max(BACKOFF_MIN_MS, longest * (0.5 + random() / 2)))
  }

  /** Lets go of the socket, without waiting for the other side to agree. */
  private drop(code?: number): void {
    const socket = this.socket
    this.socket = null
    this.greeted = false
    this.copy.disconnected()
    if (!socket) return
    socket.onmessage = null
    socket.onclose = null
    if (code !== undefined) socket.close(code)
  }

  private tick = (): void => {
    const now = Date.now()
    if (now - this.lastTick > SLEEP_MS) {
      this.deadline = Infinity // it passed while nothing could be heard
      this.wake()
    }
    this.lastTick = now
    if (this.socket && now > this.deadline) {
      this.drop(4000)
      this.lost(0)
    }
    this.light()
  }

  /** The computer slept or the network came back: the connection is doubted, and not waited for. */
  private wake = (): void => {
    if (this.socket) this.deadline = Math.min(this.deadline, Date.now() + WAKE_MS)
    else if (this.running && this.retry !== undefined) this.connect()
  }

  private light(): void {
    const { live } = this.options
    const lamp = nextLamp(live.lamp, { now: Date.now(), downSince: this.downSince, heartbeat: this.heartbeat })
    if (lamp !== live.lamp) live.setLamp(lamp)
  }
}

/** From so many rows on a layer is asked for in binary form (docs/adr/0011). */
const BULK_ROWS = 20_000

/** Layers whose rows are worth having even though their geometry comes in tiles: their state colours the map and the figures. */
const stateLayers = new Set(['camera', 'area', 'unit_grid'])

/**
 * What a console subscribes to at first: everything small or moving whole, of the large layers the state of those it shows. They are answered in
 * this order: the cases of the day do not wait for 100,000 cameras.
 */
export function subscriptionsFor(catalog: { layers: { name: string; delivery: string; geometry: string; count: number }[] }): Subscription[] {
  return catalog.layers
    .filter((layer) => layer.delivery !== 'tiles' || stateLayers.has(layer.name))
    .sort((a, b) => Number(a.delivery === 'tiles') - Number(b.delivery === 'tiles'))
    .map((layer) => ({
      layer: layer.name,
      geometry: layer.delivery !== 'tiles' && layer.geometry !== 'none',
      bulk: layer.count >= BULK_ROWS || undefined,
    }))
}
