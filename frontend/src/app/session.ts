import { api, onSessionLost, take } from '../api/client'
import { asApiError } from '../api/error'
import { queryClient } from '../api/queries'
import type { Session } from '../api/types'
import { listed } from '../lib/format'
import { createStore, useStore } from '../lib/store'
import { replaying } from '../live/replay'

/**
 * Whether somebody is signed in. `lost` keeps the last session: the screen stays, with the log-in over it.
 */
export type SessionState =
  | { status: 'asking' }
  | { status: 'failed'; error: unknown }
  | { status: 'out' }
  | { status: 'in'; session: Session }
  | { status: 'lost'; session: Session }

export const sessionStore = createStore<SessionState>({ status: 'asking' })
export const useSessionState = () => useStore(sessionStore)

/** The signed-in user's session; components below the gate may rely on it. */
export function useSession(): Session {
  const state = useSessionState()
  if (state.status !== 'in' && state.status !== 'lost') throw new Error('no session below the gate')
  return state.session
}

export function loseSession(): void {
  sessionStore.set((now) => (now.status === 'in' ? { status: 'lost', session: now.session } : now))
}
onSessionLost(loseSession)

/** Asks the server who we are. */
export async function askSession(): Promise<void> {
  sessionStore.set({ status: 'asking' })
  try {
    sessionStore.set({ status: 'in', session: await take(api.GET('/api/session')) })
  } catch (error) {
    sessionStore.set(asApiError(error).code === 'unauthorized' ? { status: 'out' } : { status: 'failed', error })
  }
}

/** Asks anew what the person may do now; the screen stays as it is while it is asked, and where nobody answers. */
export async function renewSession(): Promise<void> {
  try {
    const session = await take(api.GET('/api/session'))
    sessionStore.set((now) => (now.status === 'in' && now.session.user.id === session.user.id ? { status: 'in', session } : now))
  } catch (error) {
    if (asApiError(error).code !== 'unauthorized') return // the live connection tries again, and asks again
  }
}

const resumed = new Set<() => void>()
/** Names what has to start again when the same person logs in over a lost session: the live connection. */
export function onSessionResumed(listener: () => void): () => void {
  resumed.add(listener)
  return () => resumed.delete(listener)
}

/** Logs in; throws ApiError. Over a lost session of the same person the screen goes on, for another person it starts anew. */
export async function logIn(login: string, password: string): Promise<void> {
  const before = sessionStore.get()
  const session = await take(api.POST('/api/session', { body: { login, password } }))
  if (before.status === 'lost' && before.session.user.id !== session.user.id) {
    location.reload()
    return
  }
  sessionStore.set({ status: 'in', session })
  if (before.status === 'lost') {
    for (const listener of [...resumed]) listener()
    await queryClient.invalidateQueries()
  }
}

/** Logs out and forgets everything that was on the screen. */
export async function logOut(): Promise<void> {
  try {
    await take(api.DELETE('/api/session'))
  } catch (error) {
    if (asApiError(error).code !== 'unauthorized') throw error // already out is what was wanted
  }
  location.assign('/')
}

const inReplay = new Set(['read', 'replay', 'wall.show'])

/** Whether the person may do it here: in the past nothing can be changed. */
export const may = (session: Session, action: string) => session.actions.includes(action) && (!replaying || inReplay.has(action))
/** Whether the person's roles allow it at all, in the past, too: what somebody is, not what can be done now. */
export const allows = (session: Session, action: string) => session.actions.includes(action)
const atDesk = ['replay', 'incident.create', 'incident.move', 'task.dispatch', 'case.supervise', 'capture.upload', 'user.manage']
/** People who do nothing but work on their unit's tasks land on the phone page. */
export const fieldOnly = (session: Session) => allows(session, 'task.work') && !atDesk.some((action) => allows(session, action))
/** What the county calls the person's roles. */
export const roleTitles = ({ titles }: Session, locale: 'zh' | 'en') => listed((titles ?? []).map(({ title }) => title[locale]), locale)
