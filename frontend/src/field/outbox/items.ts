/**
 * What waits to be sent from this phone: steps of tasks, and photos of them. Everything here is a pure function of the items and the clock; store.ts keeps them, sender.ts
 * sends them.
 */
import type { ApiError } from '../../api/error'
import type { FieldTask } from '../../api/types'
import type { LonLat } from '../../lib/geo'

export type PhotoRole = 'before' | 'after' | 'near' | 'far' | 'other'
export const photoRoles: PhotoRole[] = ['before', 'after', 'near', 'far', 'other']

interface Base {
  /** UUID: the key under which the server makes a repeat harmless. */
  id: string
  user: number
  task: number
  /** Order of making; within a task also the order of sending. */
  seq: number
  /** When it was made, RFC 3339, by this phone's clock. */
  made: string
  state: 'waiting' | 'sending' | 'sent' | 'refused'
  tries: number
  /** Not before this moment, milliseconds; 0 is now. */
  notBefore: number
  why?: { code: string; reason?: string; field?: string; params?: Record<string, string> }
}

export interface Step extends Base {
  kind: 'step'
  move: string
  reason?: string
  /** The task's revision that the step follows: what the server will have when all earlier ones are made. */
  revision: number
}

export interface Photo extends Base {
  kind: 'photo'
  role: PhotoRole
  type: string
  size: number
  sha256: string
  point?: LonLat
  /** Bytes that the server has. */
  received: number
}

export type Item = Step | Photo

/** The longest pause between two tries, milliseconds. */
export const LONGEST_PAUSE = 60_000
const restarts = 3

export const pending = (item: Item) => item.state === 'waiting' || item.state === 'sending'

/** What may be sent now: the first of each task that waits, unless its pause is not over. Tasks do not wait for each other. */
export function ready(items: readonly Item[], now: number): Item[] {
  const heads = new Map<number, Item>()
  for (const item of [...items].sort((a, b) => a.seq - b.seq)) {
    if (pending(item) && !heads.has(item.task)) heads.set(item.task, item)
  }
  return [...heads.values()].filter((item) => item.notBefore <= now)
}

/** When the next try is due, milliseconds; null when nothing waits. */
export function nextTry(items: readonly Item[]): number | null {
  const due = items.filter(pending).map((item) => item.notBefore)
  return due.length ? Math.min(...due) : null
}

export type Outcome = { done: true } | { done: false; error: ApiError }

/** The item after a try. A mistake of the line, or a server that is away, is tried again; what the server refuses stays, with its reason, until somebody has read it. */
export function settle(item: Item, outcome: Outcome, now: number, chance = Math.random()): Item {
  if (outcome.done) return { ...item, state: 'sent', why: undefined, ...(item.kind === 'photo' ? { received: item.size } : {}) }
  const { code, body } = outcome.error
  const why = { code, reason: body.reason, field: body.field, params: body.params }
  const tries = item.tries + 1
  const later: Item = { ...item, state: 'waiting', tries, why, notBefore: now + Math.min(LONGEST_PAUSE, 1000 * 2 ** Math.min(tries, 10)) * (0.75 + chance / 2) }
  if (['network', 'unavailable', 'internal', 'rate_limited', 'storage_full'].includes(code) || body.reason === 'upload_busy' || body.reason === 'truncated') return later
  if (code === 'unauthorized') return { ...item, state: 'waiting', why } // until the person has logged in again
  if (item.kind === 'photo' && body.reason === 'wrong_offset' && tries < 10) return { ...item, state: 'waiting', tries, received: Number(body.params?.offset ?? 0), notBefore: 0 }
  if (item.kind === 'photo' && body.reason === 'hash_differs' && tries < restarts) return { ...later, received: 0 } as Item
  return { ...item, state: 'refused', why }
}

/** A refused step takes those after it along: they followed from it. Photos are evidence, and go on. */
export function refuseFollowers(items: readonly Item[], refused: Item): Item[] {
  if (refused.kind !== 'step' || refused.state !== 'refused') return [...items]
  return items.map((item) =>
    item.kind === 'step' && item.task === refused.task && item.seq > refused.seq && pending(item) ? { ...item, state: 'refused' as const, why: { code: 'conflict', reason: 'after_refused' } } : item,
  )
}

/** Those that were being sent when the page was closed wait again. */
export const awake = (item: Item): Item => (item.state === 'sending' ? { ...item, state: 'waiting', notBefore: 0 } : item)

/** The unit's timeline, as the server has it: state, move, state, whether it says why. */
const timeline: [from: string, move: string, to: string, why: boolean][] = [
  ['dispatched', 'acknowledge', 'acknowledged', false],
  ['acknowledged', 'respond', 'responding', false],
  ['acknowledged', 'arrive', 'on_scene', false],
  ['responding', 'arrive', 'on_scene', false],
  ['on_scene', 'done', 'done', true],
  ['on_scene', 'conclude', 'done', true],
  ['dispatched', 'return', 'returned', true],
  ['acknowledged', 'return', 'returned', true],
  ['responding', 'return', 'returned', true],
  ['on_scene', 'return', 'returned', true],
]
export const steps = timeline

/** A task as it will be when all that waits is sent, and what was sent is in the answer that is shown. */
export function foreseen(item: FieldTask, items: readonly Item[]): FieldTask {
  let { state, revision } = item.task
  let changed = false
  let ended = item.task.ended_at
  let result = item.task.result
  for (const step of [...items].sort((a, b) => a.seq - b.seq)) {
    if (step.kind !== 'step' || step.task !== item.task.id || step.state === 'refused') continue
    const arrow = timeline.find(([from, move]) => from === state && move === step.move)
    if (!arrow || step.revision < revision) continue // the server has it already
    state = arrow[2]
    revision = step.revision + 1
    changed = true
    if (state === 'done' || state === 'returned') {
      ended = step.made
      result = step.reason
    }
  }
  if (!changed) return item
  const moves = timeline.filter(([from, move]) => from === state && move !== 'conclude').map(([, move, , why]) => ({ move, needs_reason: why }))
  return { ...item, task: { ...item.task, state, revision, ended_at: ended, result }, moves }
}

/** How much of a photo has arrived, in whole percent. */
export const percent = (photo: Photo) => Math.floor((100 * photo.received) / Math.max(1, photo.size))
