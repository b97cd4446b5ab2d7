import { useSyncExternalStore } from 'react'

/**
 * One tick a second for every clock and age on the screen. The time is the server's as far as it is known: ages must
 * not depend on how well the clock of this machine is set.
 */
let offsetMs = 0
/** Of a replay: what it showed at a moment of this machine, and how fast it goes. */
let past: { shown: number; at: number; rate: number } | null = null
let nowMs = Date.now()
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function tick() {
  nowMs = serverNow()
  for (const listener of [...listeners]) listener()
  timer = setTimeout(tick, wait()) // on the second, so that all clocks turn together
}

const wait = () => (past ? 1000 : 1000 - (nowMs % 1000) + 5)

function watch(listener: () => void) {
  listeners.add(listener)
  if (listeners.size === 1) {
    nowMs = serverNow()
    timer = setTimeout(tick, wait())
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearTimeout(timer)
  }
}

/**
 * Tells the clock what the server's time is now. Differences under two seconds are travel time and are left alone. With a rate it is the time
 * of a replay, which goes so many times as fast as ours; 0 stands still.
 */
export function setServerTime(server: Date, rate?: number): void {
  if (rate !== undefined) {
    past = { shown: server.getTime(), at: Date.now(), rate }
    return
  }
  const offset = server.getTime() - Date.now()
  offsetMs = Math.abs(offset) < 2000 ? 0 : offset
}

/** Milliseconds since the epoch by the server's clock. */
export function serverNow(): number {
  return past ? past.shown + (Date.now() - past.at) * past.rate : Date.now() + offsetMs
}

/** The same, rendering again every second, or every `everyS` seconds. */
export function useNow(everyS = 1): number {
  const step = everyS * 1000
  return useSyncExternalStore(watch, () => Math.floor(nowMs / step) * step)
}
