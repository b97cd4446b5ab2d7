import { createStore } from '../../lib/store'

/** Who has gone through the tour in this browser, or did not want to. */
const key = 'wanglou.tour'

export function readKnown(stored: string | null): string[] {
  try {
    const kept: unknown = JSON.parse(stored ?? '[]')
    return Array.isArray(kept) ? kept.filter((login) => typeof login === 'string') : []
  } catch {
    return [] // somebody wrote nonsense into the storage: it is offered again
  }
}

export const known = createStore(readKnown(globalThis.localStorage?.getItem(key) ?? null))

export function nowKnown(login: string): void {
  if (known.get().includes(login)) return
  known.set((logins) => [...logins, login])
  localStorage.setItem(key, JSON.stringify(known.get()))
}
