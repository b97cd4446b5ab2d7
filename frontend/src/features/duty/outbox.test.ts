import { afterEach, expect, test, vi } from 'vitest'
import { api } from '../../api/client'
import { discard, outbox, retry, send } from './outbox'

afterEach(() => {
  vi.restoreAllMocks()
  for (const each of outbox.get()) discard(each)
})

const answers = (...all: (number | Error)[]) => {
  const bodies: unknown[] = []
  vi.spyOn(api, 'POST').mockImplementation((async (_: string, init: { body: unknown }) => {
    bodies.push(init.body)
    const next = all.shift()!
    if (next instanceof Error) throw next
    return next < 400 ? { data: {}, response: new Response(null, { status: next }) } : { error: { code: 'forbidden', message: '' }, response: new Response(null, { status: next }) }
  }) as never)
  return bodies as { client_key: string; text: string; promise: boolean }[]
}

test('what does not get through stays, and is sent again under the same key', async () => {
  const bodies = answers(new TypeError('no network'), 201)
  const sent = vi.fn()
  send(7, '到场', undefined, sent)
  await vi.waitFor(() => expect(outbox.get()[0]?.error).toBeTruthy())
  expect(sent).not.toHaveBeenCalled()
  retry(outbox.get()[0]!, sent)
  await vi.waitFor(() => expect(outbox.get()).toEqual([]))
  expect(sent).toHaveBeenCalledOnce()
  expect(bodies[1]!.client_key).toBe(bodies[0]!.client_key)
})

test('two messages have two keys; one may be discarded', async () => {
  const bodies = answers(403, 403)
  send(7, 'a', undefined, () => {})
  send(7, 'b', '2026-06-01T08:00:00Z', () => {})
  await vi.waitFor(() => expect(outbox.get().every(({ error }) => error)).toBe(true))
  expect(bodies[0]!.client_key).not.toBe(bodies[1]!.client_key)
  expect(bodies.map(({ promise }) => promise)).toEqual([false, true])
  discard(outbox.get()[0]!)
  expect(outbox.get().map(({ text }) => text)).toEqual(['b'])
})
