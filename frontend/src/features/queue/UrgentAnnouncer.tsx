import { useEffect, useRef, useState } from 'react'
import type { OpenIncident } from '../../domain/incidents'
import { useText } from '../../i18n'

/** Tells a screen reader of severity-1 cases that are new; those that were there when the console opened are not. */
export function UrgentAnnouncer({ incidents, loaded, place }: { incidents: readonly OpenIncident[]; loaded: boolean; place: (incident: OpenIncident) => string }) {
  const { t } = useText()
  const known = useRef<Set<number> | null>(null)
  const [text, setText] = useState('')
  useEffect(() => {
    if (!loaded) return
    const urgent = incidents.filter((incident) => incident.severity === 1)
    const fresh = known.current ? urgent.filter((incident) => !known.current!.has(incident.id)) : []
    known.current = new Set(urgent.map((incident) => incident.id))
    if (fresh.length > 0) setText(fresh.map((incident) => t('queue.newUrgent', { title: incident.title, place: place(incident) })).join(' '))
  }, [incidents, loaded, place, t])
  return (
    <div className="visually-hidden" role="alert" data-testid="urgent-announcer">
      {text}
    </div>
  )
}
