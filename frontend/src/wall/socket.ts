import { createStore } from '../lib/store'
import type { components } from '../api/schema.gen'
import { ServerClock } from './motion'

export type Wall = components['schemas']['Wall']
export type Scene = components['schemas']['WallScene']

/** What a wall shows from `since` on. See layers/wall.Shown. */
export interface Shown {
  scene: Scene
  entry: number
  since: string
  until: string
  from: components['schemas']['WallCamera'] | null
  incident: number
}

export interface WallNews {
  connected: boolean
  /** Why it is over for good: the wall is gone, or may not be seen. */
  over: boolean
  version: string
  wall: Wall | null
  shown: Shown | null
}

type Frame = { type: 'state'; now: string; version?: string; wall: Wall; shown: Shown } | { type: 'pong'; now: string; sent: number }

const PING_MS = 5000
const RETRY_MS = 2000
/** A line on which so many are not answered is dead, though nobody closed it. They are counted, not timed: a page that was busy has answers to read. */
const MAX_MISSED = 3

/** Listens to one wall until closed; who was away is told how it is now. */
export class WallSocket {
  readonly news = createStore<WallNews>({ connected: false, over: false, version: '', wall: null, shown: null })
  private readonly clock = new ServerClock()
  private socket: WebSocket | null = null
  private timers: ReturnType<typeof setTimeout>[] = []
  private closed = false

  constructor(private readonly address: string) {
    this.open()
  }

  /** Milliseconds since 1970 by the server's clock, as near as the way there allows. */
  get now(): number {
    return Date.now() + this.clock.ahead
  }

  beat(word: { frame_age_ms: number; width: number; height: number; version: string }): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: 'beat', ...word }))
  }

  close(): void {
    this.closed = true
    this.timers.forEach(clearTimeout)
    this.socket?.close()
  }

  private open(): void {
    if (this.closed) return
    const socket = (this.socket = new WebSocket(location.origin.replace(/^http/, 'ws') + this.address))
    let missed = 0
    let over = false
    const lost = (code: number) => {
      if (over) return
      over = true
      this.timers.forEach(clearTimeout)
      this.news.set((now) => ({ ...now, connected: false, over: code === 1008 }))
      if (!this.closed) this.timers = [setTimeout(() => this.open(), RETRY_MS)]
    }
    const ping = () => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ type: 'ping', sent: Date.now() }))
    const watch = () => {
      if (++missed <= MAX_MISSED) return void ping()
      socket.close() // its own farewell may take a minute
      lost(1006)
    }
    socket.onopen = () => {
      this.timers = [0, 200, 600, 1400].map((ms) => setTimeout(ping, ms)) // the clock is right before the first movement
      this.timers.push(setInterval(watch, PING_MS))
    }
    socket.onmessage = ({ data }) => {
      if (over) return
      missed = 0
      const frame = JSON.parse(String(data)) as Frame
      if (frame.type === 'pong') this.clock.hear(frame.sent, Date.parse(frame.now), Date.now())
      else this.news.set({ connected: true, over: false, version: frame.version ?? '', wall: frame.wall, shown: frame.shown })
    }
    socket.onclose = ({ code }) => lost(code)
  }
}
