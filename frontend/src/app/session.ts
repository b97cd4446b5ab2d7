import { api, onSessionLost, take } from '../api/client'
import { asApiError } from '../api/error'
import { queryClient } from '../api/queries'
import type { Role, Session } from '../api/types'
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
export const hasRole = (session: Session, role: Role) => session.user.roles.includes(role)
/** People who do nothing but work on their unit's tasks land on the phone page. */
export const fieldOnly = (session: Session) => session.user.roles.length > 0 && session.user.roles.every((role) => role === 'unit')
