import type { Hit } from '../../api/types'

const MOST = 6
const key = (user: number) => `wanglou.recent.${user}`

/** What a person opened last from the palette, the latest first. It ends with the browser's tab: the next person at the desk finds nothing of it. */
export function recentHits(user: number): Hit[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key(user)) ?? '[]')
    return Array.isArray(kept) ? (kept as Hit[]).filter((hit) => typeof hit?.name === 'string' && Array.isArray(hit.point)).slice(0, MOST) : []
  } catch {
    return [] // somebody else's writing, or no storage
  }
}

export function keepRecent(user: number, hit: Hit): void {
  const rest = recentHits(user).filter((kept) => kept.kind !== hit.kind || kept.id !== hit.id || kept.name !== hit.name)
  try {
    sessionStorage.setItem(key(user), JSON.stringify([hit, ...rest].slice(0, MOST)))
  } catch {
    // full or forbidden: it is a comfort
  }
}
