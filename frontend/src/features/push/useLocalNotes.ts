import { useEffect, useRef } from 'react'
import type { FieldTask } from '../../api/types'
import { useLayer } from '../../live/hooks'
import { tellHere } from './browser'
import { fieldNotes, type Known } from './fieldNotes'

/** What the phone is told over its own line while its page is in the background: new tasks, what is called off, messages. */
export function useLocalNotes(items: readonly FieldTask[] | undefined): void {
  const incidents = useLayer('incident')
  const known = useRef<Known | null>(null)
  useEffect(() => {
    if (!items) return
    const { notes, next } = fieldNotes(known.current, items, (incident) => Number(incidents.value(incident, 'messages') ?? 0))
    known.current = next
    for (const note of notes) void tellHere(note)
  }, [items, incidents, incidents.version])
}
