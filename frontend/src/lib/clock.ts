import { useSyncExternalStore } from 'react'

/**
 * One tick a second for every clock and age on the screen. The time is the server's as far as it is known: ages must
 * not depend on how well the clock of this machine is set.
 */
let offsetMs = 0
let nowMs = Date.now()
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function tick() {
  nowMs = Date.now() + offsetMs
  for (const listener of [...listeners]) listener()
  timer = setTimeout(tick, 1000 - (nowMs % 1000) + 5) // on the second, so that all clocks turn together
}

function watch(listener: () => void) {
  listeners.add(listener)
  if (listeners.size === 1) {
    nowMs = Date.now() + offsetMs
    timer = setTimeout(tick, 1000 - (nowMs % 1000) + 5)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearTimeout(timer)
  }
}

/** Tells the clock what the server's time is now. Differences under two seconds are travel time and are left alone. */
export function setServerTime(server: Date): void {
  const offset = server.getTime() - Date.now()
  offsetMs = Math.abs(offset) < 2000 ? 0 : offset
}

/** Milliseconds since the epoch by the server's clock. */
export function serverNow(): number {
  return Date.now() + offsetMs
}

/** The same, rendering again every second, or every `everyS` seconds. */
export function useNow(everyS = 1): number {
  const step = everyS * 1000
  return useSyncExternalStore(watch, () => Math.floor(nowMs / step) * step)
}
