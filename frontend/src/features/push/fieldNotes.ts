import type { FieldTask } from '../../api/types'
import type { Note } from './browser'

export interface Known {
  states: ReadonlyMap<number, string>
  messages: ReadonlyMap<number, number>
}

/** What is news since the tasks were looked at last; at first nothing is. */
export function fieldNotes(known: Known | null, items: readonly FieldTask[], messagesOf: (incident: number) => number): { notes: Note[]; next: Known } {
  const notes: Note[] = []
  const states = new Map<number, string>()
  const messages = new Map<number, number>()
  for (const { task, incident } of items) {
    const about = (kind: Note['kind']) => notes.push({ kind, incident: incident.id, number: incident.number, title: incident.title, severity: incident.severity })
    states.set(task.id, task.state)
    const before = known?.states.get(task.id)
    if (known && task.state === 'dispatched' && before === undefined) about('task')
    if (known && task.state === 'called_off' && before !== undefined && before !== 'called_off') about('call_off')
    if (task.ended_at) continue
    const now = Math.max(messagesOf(incident.id), known?.messages.get(incident.id) ?? 0)
    messages.set(incident.id, now)
    if (known?.messages.has(incident.id) && now > known.messages.get(incident.id)!) about('message')
  }
  return { notes, next: { states, messages } }
}
