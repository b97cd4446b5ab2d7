import { createContext, useContext, useEffect, useState } from 'react'
import { myTasksQuery, queryClient } from '../api/queries'
import { onSessionResumed } from '../app/session'
import { useStore } from '../lib/store'
import type { Item } from './outbox/items'
import { Outbox } from './outbox/outbox'
import { transport } from './outbox/transport'
import { fieldDatabase } from './kept'

export const OutboxContext = createContext<Outbox | null>(null)

export function useOutbox(): Outbox {
  const box = useContext(OutboxContext)
  if (!box) throw new Error('no outbox above')
  return box
}

export const useItems = (): Item[] => useStore(useOutbox().items)

/** The person's outbox, sending while the page is open; null until it was read, and 'failed' where the browser keeps nothing. */
export function useOpenOutbox(user: number): Outbox | 'failed' | null {
  const [box, setBox] = useState<Outbox | 'failed' | null>(null)
  useEffect(() => {
    let made: Outbox | null = null
    let over = false
    const hurry = () => made?.hurry()
    const seen = () => document.visibilityState === 'visible' && hurry()
    const resumed = onSessionResumed(hurry)
    window.addEventListener('online', hurry)
    document.addEventListener('visibilitychange', seen)
    fieldDatabase()
      .then(async (db) => {
        if (over) return
        made = new Outbox(db, user, transport, Date.now, () => void queryClient.invalidateQueries({ queryKey: myTasksQuery.queryKey }))
        await made.start()
        if (!over) setBox(made)
      })
      .catch((error: unknown) => {
        console.error('the outbox cannot be opened:', error)
        if (!over) setBox('failed')
      })
    void navigator.storage?.persist?.() // so that the browser does not throw evidence away
    return () => {
      over = true
      made?.stop()
      resumed()
      window.removeEventListener('online', hurry)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [user])
  return box
}
