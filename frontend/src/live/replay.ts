import { createStore } from '../lib/store'

/**
 * A page shows the present, or the past of one replay: which of them stands in its address and does not change while it is open. So nothing
 * of the present can be left on a screen that shows the past.
 */
export const replayParam = 'replay'
export const replayId: string | null = new URLSearchParams(globalThis.location?.search ?? '').get(replayParam)
export const replaying = replayId !== null

/** What map routes are asked with. */
export const replayQuery: { replay?: string } = replayId === null ? {} : { replay: replayId }

/** Where the replay stands, from its heartbeats; null before the first and in the present. */
export interface ReplayHead {
  at: string
  speed: number
  playing: boolean
  /** It has come to the present. */
  ended: boolean
}
export const replayHead = createStore<ReplayHead | null>(null)

/** The replay that walls show, as heartbeats tell; null is the present. */
export const wallReplay = createStore<string | null>(null)

/** An address of this page with another replay, or with none. */
export function replayAddress(id: string | null): string {
  const address = new URL(location.href)
  address.searchParams.delete(replayParam)
  address.searchParams.delete('sel') // what was selected may not have been there
  if (id !== null) address.searchParams.set(replayParam, id)
  return address.href
}
