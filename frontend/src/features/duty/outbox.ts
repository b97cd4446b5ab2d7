import { api, take } from '../../api/client'
import { createStore } from '../../lib/store'

/** A message that is on its way, or did not get through. It stays until it is sent or somebody discards it, also when the page of the case is closed. */
export interface Waiting {
  key: string
  incident: number
  text: string
  /** RFC 3339; none is no promise. */
  dueAt?: string
  writtenAt: string
  error: unknown
}

export const outbox = createStore<readonly Waiting[]>([])

/** The key by which the server knows a repeat of the same message. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Sends a message. Tells when the server has it. */
export function send(incident: number, text: string, dueAt: string | undefined, sent: () => void): void {
  const message: Waiting = { key: newKey(), incident, text, dueAt, writtenAt: new Date().toISOString(), error: null }
  outbox.set((now) => [...now, message])
  void post(message, sent)
}

/** Tries again: the server takes it once, whatever became of the first try. */
export function retry(message: Waiting, sent: () => void): void {
  outbox.set((now) => now.map((each) => (each.key === message.key ? { ...each, error: null } : each)))
  void post(message, sent)
}

export const discard = (message: Waiting) => outbox.set((now) => now.filter(({ key }) => key !== message.key))

async function post(message: Waiting, sent: () => void): Promise<void> {
  try {
    await take(
      api.POST('/api/incidents/{id}/messages', {
        params: { path: { id: message.incident } },
        body: { text: message.text, promise: message.dueAt !== undefined, due_at: message.dueAt, source_time: message.writtenAt, client_key: message.key },
      }),
    )
  } catch (error) {
    outbox.set((now) => now.map((each) => (each.key === message.key ? { ...each, error } : each)))
    return
  }
  sent()
  discard(message)
}
