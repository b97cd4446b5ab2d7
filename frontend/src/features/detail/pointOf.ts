import { useQuery } from '@tanstack/react-query'
import { featureQuery } from '../../api/queries'
import type { Row } from '../../live/store'

/** The place of a row: from the live copy where geometry is streamed, else asked for once (geometry comes in tiles). */
export function usePointOf(layer: string, row: Row | undefined): [number, number] | null {
  const streamed = row?.geometry?.type === 'Point' ? (row.geometry.coordinates as [number, number]) : null
  const asked = useQuery({ ...featureQuery(layer, row?.id ?? 0), enabled: row !== undefined && streamed === null })
  if (streamed) return streamed
  const geometry = asked.data?.geometry as { type?: string; coordinates?: [number, number] } | null | undefined
  return geometry?.type === 'Point' ? (geometry.coordinates ?? null) : null
}
