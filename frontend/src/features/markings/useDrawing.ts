import { useMemo } from 'react'
import type { Row } from '../../live/store'
import { useLayer } from '../../live/hooks'

/** The rows of the live copy that belong to a drawing, in the order in which they were drawn. */
export function useDrawing(incident: number): Row[] {
  const layer = useLayer('marking')
  return useMemo(
    () => [...layer.rows()].filter((row) => Number(row.incident_id ?? 0) === incident && row.geometry).sort((a, b) => a.id - b.id),
    [layer, layer.version, incident],
  )
}
