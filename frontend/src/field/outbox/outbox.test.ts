import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { ApiError } from '../../api/error'
import type { FieldTask } from '../../api/types'
import { openDatabase } from './database'
import { awake, foreseen, type Item, LONGEST_PAUSE, ready, refuseFollowers, settle, type Step, steps } from './items'
import { Outbox, PART, type Transport } from './outbox'

const step = (over: Partial<Step> = {}): Step => ({ kind: 'step', id: 'a', user: 1, task: 9, seq: 1, made: '2026-05-01T08:00:00Z', state: 'waiting', tries: 0, notBefore: 0, move: 'acknowledge', revision: 1, ...over })
const failed = (code: ApiError['code'], reason?: string, params?: Record<string, string>) => ({ done: false, error: new ApiError(code, 0, { reason, params }) }) as const

describe('items', () => {
  test('the timeline is the server’s', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../../layers/task/task.go'), 'utf8')
    const names = new Map([...source.matchAll(/^\s*(\w+)\s+(?:State|Move)\s*=\s*"(\w+)"/gm)].map((m) => [m[1]!, m[2]!]))
    const arrows = [...source.matchAll(/\{From: (\w+), Move: (\w+), To: (\w+)(, Reason: true)?(, Office: true)?(?:, Lead: true)?\}/g)].filter((m) => !m[5]).map((m) => [names.get(m[1]!), names.get(m[2]!), names.get(m[3]!), !!m[4]])
    expect(arrows.length).toBeGreaterThan(5)
    expect(steps).toEqual(arrows)
  })

  test('one at a time of each task, in order, and tasks do not wait for each other', () => {
    const items = [step({ id: 'b', seq: 2 }), step({ id: 'a', seq: 1 }), step({ id: 'c', seq: 3, task: 8 }), step({ id: 'd', seq: 0, state: 'sent' })]
    expect(ready(items, 0).map((item) => item.id)).toEqual(['a', 'c'])
    expect(ready([step({ notBefore: 5 }), step({ id: 'b', seq: 2 })], 4)).toEqual([])
  })

  test('a bad line is tried again, ever later; a refusal stays', () => {
    for (const [code, reason] of [['network'], ['unavailable'], ['internal'], ['rate_limited'], ['conflict', 'upload_busy']] as const) expect(settle(step(), failed(code, reason), 0).state).toBe('waiting')
    let item: Item = step()
    let before = 0
    for (let i = 0; i < 12; i++) {
      item = settle(item, failed('network'), 0, 0.5)
      expect(item.notBefore).toBeGreaterThanOrEqual(before)
      before = item.notBefore
    }
    expect(before).toBe(LONGEST_PAUSE)
    for (const [code, reason] of [['conflict', 'stale_revision'], ['invalid', 'impossible_move'], ['not_found'], ['forbidden', 'other_unit'], ['too_large']] as const) expect(settle(step(), failed(code, reason), 0)).toMatchObject({ state: 'refused', why: { code } })
    expect(settle(step(), failed('unauthorized'), 7)).toMatchObject({ state: 'waiting', notBefore: 0 })
    const photo = { ...step(), kind: 'photo', received: 500, size: 900 } as unknown as Item
    expect(settle(photo, failed('conflict', 'wrong_offset', { offset: '300' }), 7)).toMatchObject({ state: 'waiting', received: 300, notBefore: 0 })
    expect(settle(photo, failed('invalid', 'hash_differs'), 7)).toMatchObject({ state: 'waiting', received: 0 })
    expect(settle({ ...photo, tries: 2 } as Item, failed('invalid', 'hash_differs'), 7).state).toBe('refused')
  })

  test('a refused step takes its followers along, not the photos and not other tasks', () => {
    const refused = step({ state: 'refused' })
    const items = [refused, step({ id: 'b', seq: 2 }), { ...step({ id: 'p', seq: 3 }), kind: 'photo' } as unknown as Item, step({ id: 'c', seq: 4, task: 8 })]
    expect(refuseFollowers(items, refused).map((item) => item.state)).toEqual(['refused', 'refused', 'waiting', 'waiting'])
  })

  test('a task is shown as it will be', () => {
    const task = { task: { id: 9, state: 'dispatched', revision: 1 }, incident: {}, moves: [] } as unknown as FieldTask
    const after = foreseen(task, [step(), step({ id: 'b', seq: 2, move: 'arrive', revision: 2 })])
    expect(after.task).toMatchObject({ state: 'on_scene', revision: 3 })
    expect(after.moves).toEqual([{ move: 'done', needs_reason: true }, { move: 'return', needs_reason: true }])
    const known = { ...task, task: { ...task.task, state: 'acknowledged', revision: 2 } } as FieldTask
    expect(foreseen(task, [step({ state: 'sent' })]).task).toMatchObject({ state: 'acknowledged' }) // the answer shown is older
    expect(foreseen(known, [step()])).toBe(known) // the answer was faster than the outbox
    expect(foreseen(task, [step({ state: 'refused' })])).toBe(task)
  })
})

/** A server that breaks off at random, and takes everything once. */
class Server implements Transport {
  steps: string[] = []
  doubled = 0
  photos = new Map<string, { id: number; bytes: string }>()
  arrived: string[] = []
  constructor(private readonly faults: () => boolean) {}
  private line() {
    if (this.faults()) throw new ApiError('network', 0)
  }
  step(item: Step) {
    return this.answer(() => {
      if (this.steps.includes(item.id)) this.doubled++
      else {
        this.steps.push(item.id)
        this.arrived.push(item.id)
      }
    })
  }
  begin(photo: { id: string }) {
    return this.answer(() => {
      if (!this.photos.has(photo.id)) this.photos.set(photo.id, { id: this.photos.size + 1, bytes: '' })
      const { id, bytes } = this.photos.get(photo.id)!
      return { id, received: bytes.length }
    })
  }
  async part(id: number, offset: number, bytes: Blob) {
    const text = await bytes.text()
    return this.answer(() => {
      const [name, photo] = [...this.photos].find(([, each]) => each.id === id)!
      if (offset !== photo.bytes.length) throw new ApiError('conflict', 409, { reason: 'wrong_offset', params: { offset: String(photo.bytes.length) } })
      photo.bytes += text
      if (text) this.arrived.push(name)
      return { received: photo.bytes.length }
    })
  }
  /** The line may break before the server has it, or before its answer is there. */
  private async answer<T>(work: () => T): Promise<T> {
    this.line()
    const told = work()
    this.line()
    return told
  }
}

describe('outbox', () => {
  let name = ''
  beforeEach(() => {
    name = `outbox-${Math.random()}`
  })

  test('what was put in before the page was closed is sent after it was opened', async () => {
    const db = await openDatabase(name)
    const down = new Outbox(db, 1, new Server(() => true))
    await down.start()
    await down.add({ kind: 'step', id: 'a', task: 9, made: '2026-05-01T08:00:00Z', move: 'acknowledge', revision: 1 })
    await down.add({ kind: 'photo', id: 'p', task: 9, made: new Date().toISOString(), role: 'before', type: 'image/jpeg', size: 5, sha256: '', received: 0 }, new Blob(['hello']))
    await down.quiet()
    down.stop()
    expect(down.items.get().map((item) => item.state)).toEqual(['waiting', 'waiting'])
    db.close()

    const server = new Server(() => false)
    const other = new Outbox(await openDatabase(name), 2, server)
    await other.start()
    expect(other.items.get()).toEqual([]) // another person’s
    const up = new Outbox(await openDatabase(name), 1, server)
    await up.start()
    up.hurry()
    await up.quiet()
    up.stop()
    expect(server.arrived).toEqual(['a', 'p'])
    expect(up.items.get().map((item) => item.state)).toEqual(['sent', 'sent'])
    expect(await up.bytesOf('p')).toBeUndefined()
  })

  test('whatever the line does, everything arrives once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (faults) => {
        const db = await openDatabase(`fault-${Math.random()}`)
        const server = new Server(() => faults.pop() ?? false)
        let clock = 0
        let box = new Outbox(db, 1, server, () => clock)
        await box.start()
        const big = 'x'.repeat(PART + 10)
        await box.add({ kind: 'step', id: 'a', task: 9, made: '2026-05-01T08:00:00Z', move: 'acknowledge', revision: 1 })
        await box.add({ kind: 'photo', id: 'p', task: 9, made: '2026-05-01T08:00:00Z', role: 'before', type: 'image/jpeg', size: big.length, sha256: '', received: 0 }, new Blob([big]))
        await box.add({ kind: 'step', id: 'b', task: 9, made: '2026-05-01T08:00:00Z', move: 'arrive', revision: 2 })
        for (let i = 0; i < 60 && box.items.get().some((item) => item.state !== 'sent'); i++) {
          await box.quiet()
          box.stop()
          clock += LONGEST_PAUSE * 2
          box = new Outbox(db, 1, server, () => clock) // the page is opened again
          await box.start()
        }
        await box.quiet()
        box.stop()
        expect(server.arrived).toEqual(['a', 'p', 'p', 'b'])
        expect(server.photos.get('p')!.bytes).toBe(big)
      }),
      { numRuns: 25 },
    )
  }, 60_000)

  test('a conflict is kept until it is dismissed', async () => {
    const db = await openDatabase(name)
    const server: Transport = { step: () => Promise.reject(new ApiError('conflict', 409, { reason: 'stale_revision', params: { by: '派遣甲' } })), begin: () => Promise.reject(), part: () => Promise.reject() }
    const box = new Outbox(db, 1, server)
    await box.start()
    await box.add({ kind: 'step', id: 'a', task: 9, made: new Date().toISOString(), move: 'acknowledge', revision: 1 })
    await box.add({ kind: 'step', id: 'b', task: 9, made: new Date().toISOString(), move: 'arrive', revision: 2 })
    await box.quiet()
    expect(box.items.get().map((item) => [item.state, item.why?.reason])).toEqual([['refused', 'stale_revision'], ['refused', 'after_refused']])
    await box.dismiss(['a', 'b'])
    expect(box.items.get()).toEqual([])
    expect(await db.getAll('items')).toEqual([])
    box.stop()
  })

  test('without a session nothing is tried until there is one', async () => {
    let asked = 0
    const server: Transport = { step: () => (asked++, Promise.reject(new ApiError('unauthorized', 401))), begin: () => Promise.reject(), part: () => Promise.reject() }
    const box = new Outbox(await openDatabase(name), 1, server)
    await box.start()
    await box.add({ kind: 'step', id: 'a', task: 9, made: new Date().toISOString(), move: 'acknowledge', revision: 1 })
    await box.quiet()
    await box.add({ kind: 'step', id: 'b', task: 8, made: new Date().toISOString(), move: 'acknowledge', revision: 1 })
    await box.quiet()
    expect(asked).toBe(1)
    box.hurry()
    await box.quiet()
    expect(asked).toBe(2)
    box.stop()
  })

  test('what was under way waits again', () => {
    expect(awake(step({ state: 'sending' })).state).toBe('waiting')
    expect(awake(step({ state: 'refused' })).state).toBe('refused')
  })
})
