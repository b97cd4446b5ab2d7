import { areasQuery, catalogQuery, categoriesQuery, myTasksQuery, queryClient } from '../api/queries'
import type { Session } from '../api/types'
import { type FieldDatabase, openDatabase } from './outbox/database'

let opened: Promise<FieldDatabase> | undefined
export const fieldDatabase = () => (opened ??= openDatabase())

/** Answers that are kept for when there is no network. */
const kept = [myTasksQuery, catalogQuery, areasQuery, categoriesQuery].map((query) => query.queryKey)
const nameOf = (key: readonly unknown[]) => key.join('/')

/** The person who used this phone last, as the server knew them; null when they have logged out. */
export async function keptSession(): Promise<Session | null> {
  return ((await (await fieldDatabase()).get('kept', 'session'))?.value as Session | undefined) ?? null
}

/** Shows what was kept of the person's until newer answers come, and keeps those. What was another's goes. */
export async function keepAnswers(session: Session): Promise<() => void> {
  const db = await fieldDatabase()
  const user = session.user.id
  if (((await db.get('kept', 'session'))?.user ?? user) !== user) await db.clear('kept')
  await db.put('kept', { user, at: Date.now(), value: session }, 'session')
  for (const key of kept) {
    const copy = await db.get('kept', nameOf(key))
    if (copy?.user === user && queryClient.getQueryData(key) === undefined) queryClient.setQueryData<unknown>(key as readonly unknown[], copy.value, { updatedAt: copy.at })
  }
  const written = new Map<string, number>()
  return queryClient.getQueryCache().subscribe(({ type, query }) => {
    const name = nameOf(query.queryKey)
    const { data, dataUpdatedAt } = query.state
    if (type !== 'updated' || data === undefined || !kept.some((key) => nameOf(key) === name) || written.get(name) === dataUpdatedAt) return
    written.set(name, dataUpdatedAt)
    db.put('kept', { user, at: dataUpdatedAt, value: data }, name).catch((error: unknown) => console.warn('not kept:', error))
  })
}

/** Nothing of the person stays on this phone: neither what waits, nor copies, nor the map. */
export async function forgetEverything(): Promise<void> {
  const db = await fieldDatabase()
  await Promise.all([db.clear('items'), db.clear('bytes'), db.clear('kept'), globalThis.caches?.delete('field-map')])
}
