import { createStore } from '../../lib/store'

/** How loud alarms are on this screen; kept in the browser, since a wall and a desk differ. */
export interface Loudness {
  /** 0.1 to 1. */
  volume: number
  muted: boolean
}

const key = 'wanglou.alarm'

export function readLoudness(stored: string | null): Loudness {
  try {
    const kept = JSON.parse(stored ?? '{}') as Partial<Loudness>
    const volume = typeof kept.volume === 'number' && kept.volume >= 0.1 && kept.volume <= 1 ? kept.volume : 0.6
    return { volume, muted: kept.muted === true }
  } catch {
    return { volume: 0.6, muted: false } // somebody wrote nonsense into the storage: it sounds
  }
}

export const loudness = createStore<Loudness>(readLoudness(localStorage.getItem(key)))
export function changeLoudness(change: Partial<Loudness>): void {
  loudness.set((now) => ({ ...now, ...change }))
  localStorage.setItem(key, JSON.stringify(loudness.get()))
}

/** Whether the settings of the sound are shown while nothing rings. */
export const soundOpen = createStore(false)
