import { expect, test } from 'vitest'
import type { FieldTask } from '../../api/types'
import { deviceName } from './browser'
import { fieldNotes } from './fieldNotes'

const item = (id: number, state: string): FieldTask =>
  ({ task: { id, state, ...(['done', 'called_off', 'returned'].includes(state) && { ended_at: 'x' }) }, incident: { id: id * 10, number: `n${id}`, title: 't', severity: 2 }, moves: [] }) as unknown as FieldTask
const kinds = (told: ReturnType<typeof fieldNotes>) => told.notes.map(({ kind, incident }) => `${kind} ${incident}`)

test('what is there when the page opens is no news; tasks, call-offs and messages after it are, once', () => {
  let messages = 3
  const first = fieldNotes(null, [item(1, 'dispatched')], () => messages)
  expect(kinds(first)).toEqual([])
  const second = fieldNotes(first.next, [item(1, 'acknowledged'), item(2, 'dispatched')], () => messages)
  expect(kinds(second)).toEqual(['task 20'])
  messages = 4
  const third = fieldNotes(second.next, [item(1, 'called_off'), item(2, 'dispatched')], () => messages)
  expect(kinds(third)).toEqual(['call_off 10', 'message 20'])
  expect(kinds(fieldNotes(third.next, [item(1, 'called_off'), item(2, 'done')], () => messages))).toEqual([])
})

test('a line that breaks, and comes back with what was there, is no message', () => {
  let messages = 4
  const first = fieldNotes(null, [item(1, 'on_scene')], () => messages)
  messages = 0
  const cut = fieldNotes(first.next, [item(1, 'on_scene')], () => messages)
  messages = 4
  expect(kinds(fieldNotes(cut.next, [item(1, 'on_scene')], () => messages))).toEqual([])
})

test('a browser has a name', () => {
  expect(deviceName('Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36')).toBe('Android Chrome')
  expect(deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit Version/18.0 Mobile Safari')).toBe('iPhone Safari')
  expect(deviceName('')).toBe('')
})
