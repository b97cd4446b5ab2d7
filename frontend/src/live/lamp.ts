import type { SourceState } from './protocol'

export type LampState = 'connecting' | 'live' | 'delayed' | 'offline'

/** Whether the picture can be believed. Shown on every screen, always with the time of the last good state. */
export interface Lamp {
  readonly state: LampState
  /** Since when it is in this state. */
  readonly since: Date | null
  /** When the picture was live last. */
  readonly lastGood: Date | null
  /** How long the newest heartbeat took to come, milliseconds; null before the first. */
  readonly latencyMs: number | null
  /** The server's own link to the database. */
  readonly source: SourceState | 'unknown'
}

export const connecting: Lamp = { state: 'connecting', since: null, lastGood: null, latencyMs: null, source: 'unknown' }

export const DELAYED_MS = 10_000
export const OFFLINE_MS = 30_000
/** A lost connection is offline after this long, even if the last heartbeat is not yet that old. */
export const DOWN_MS = 10_000

/** What the client knows when it works out the lamp. Times are milliseconds of the client's clock unless named otherwise. */
export interface Signs {
  now: number
  /** When the connection was lost or first tried; null while it stands. */
  downSince: number | null
  heartbeat: {
    arrivedAt: number
    /** How old the database's last sign of life was when the server sent the frame: both by the server's clock. */
    heardAgeMs: number
    source: SourceState
    latencyMs: number
  } | null
}

/** The lamp after `previous`, a pure function. Returns `previous` itself when nothing changed. */
export function nextLamp(previous: Lamp, signs: Signs): Lamp {
  const { now, downSince, heartbeat } = signs
  let state: LampState
  const down = downSince !== null && now - downSince > DOWN_MS
  if (heartbeat === null) {
    state = down ? 'offline' : 'connecting'
  } else {
    const age = now - heartbeat.arrivedAt + Math.max(0, heartbeat.heardAgeMs)
    if (down || age >= OFFLINE_MS) state = 'offline'
    else if (age >= DELAYED_MS || heartbeat.source !== 'live') state = 'delayed'
    else state = 'live'
  }
  const since = state === previous.state && previous.since ? previous.since : new Date(now)
  const source = heartbeat?.source ?? 'unknown'
  const latencyMs = heartbeat?.latencyMs ?? null
  const good = state === 'live' && heartbeat ? heartbeat.arrivedAt : null
  const lastGood = good === null || good === previous.lastGood?.getTime() ? previous.lastGood : new Date(good)
  if (state === previous.state && since === previous.since && lastGood === previous.lastGood && latencyMs === previous.latencyMs && source === previous.source) return previous
  return { state, since, lastGood, latencyMs, source }
}

/**
 * How long frames take, from the server's time in them. The two clocks need not agree: while the fastest frame of the last
 * minute seems to come from the future or took over two seconds, delays are counted from that fastest one.
 */
export class Latency {
  private recent: { at: number; delta: number }[] = []

  measure(arrivedAt: number, sentAt: number): number {
    const delta = arrivedAt - sentAt
    this.recent.push({ at: arrivedAt, delta })
    this.recent = this.recent.filter((r) => arrivedAt - r.at <= 60_000)
    const fastest = Math.min(...this.recent.map((r) => r.delta))
    const clocksAgree = fastest >= 0 && fastest < 2000
    return clocksAgree ? delta : delta - fastest
  }
}
