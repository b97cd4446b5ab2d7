import i18next from 'i18next'
import { api, take } from '../api/client'
import { asApiError, errorText } from '../api/error'
import type { Translate } from '../i18n'
import { serverNow } from '../lib/clock'
import { replayAddress, replayHead, replayId } from '../live/replay'
import { notify } from '../ui/notices'

const showError = (error: unknown) => notify('wrong', errorText(error, i18next.t as Translate, (key) => i18next.exists(key)))

/** The first whole millisecond of the history: the server counts in microseconds, which a Date drops, and would refuse what lies before. */
export const historyBegins = (from: string): number => Date.parse(from) + 1

/** A moment of the history: where it begins, when at lies before. Asked anew each time, for a page may not have been told yet where that is. */
async function withinHistory(at: number): Promise<string> {
  const { from } = await take(api.GET('/api/replays'))
  return new Date(Math.max(at, historyBegins(from))).toISOString()
}

/** Opens the past at a moment, or where it begins when that is later: this page becomes the replay's. */
export async function beginReplay(at: number): Promise<void> {
  try {
    const replay = await take(api.POST('/api/replays', { body: { at: await withinHistory(at), playing: true, speed: 10 } }))
    location.assign(replayAddress(replay.id))
  } catch (error) {
    showError(error)
  }
}

export interface ReplayCommand {
  at?: string
  step_s?: number
  speed?: number
  playing?: boolean
  walls?: boolean
}

/** Moves this page's replay. The heartbeat that follows tells every page that shows it. */
export async function moveReplay(command: ReplayCommand): Promise<void> {
  if (replayId === null) return
  try {
    const { at, speed, playing, ended } = await take(api.PUT('/api/replays/{id}', { params: { path: { id: replayId } }, body: command }))
    replayHead.set({ at, speed, playing, ended })
  } catch (error) {
    if (asApiError(error).code === 'not_found') leaveReplay()
    else showError(error)
  }
}

/** Takes this page's replay to a moment, or to where the history begins when that is later. */
export async function jumpReplay(at: number, playing?: boolean): Promise<void> {
  try {
    await moveReplay({ at: await withinHistory(at), playing })
  } catch (error) {
    showError(error)
  }
}

/** Back to the present. The replay goes on for others who watch it, and ends by itself when nobody does. */
export function leaveReplay(): void {
  location.assign(replayAddress(null))
}

/** Where a replay begins that is asked for without a moment: a little while ago. */
export const aWhileAgo = () => serverNow() - 10 * 60_000
