import { useMemo } from 'react'
import { useLayer } from '../live/hooks'
import { openIncidents, type OpenIncident } from './incidents'

/** Every open case the person may see, in no order. */
export function useIncidents(): OpenIncident[] {
  const incidents = useLayer('incident')
  const tasks = useLayer('task')
  return useMemo(() => openIncidents(incidents, tasks), [incidents, incidents.version, tasks, tasks.version])
}
