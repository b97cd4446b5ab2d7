import { useQuery } from '@tanstack/react-query'
import type { Polygon } from 'geojson'
import { useEffect } from 'react'
import { api, take } from '../../api/client'
import { theMap } from '../../app/workbench'

/** Draws what a camera sees past the buildings; until it is known, and where it is not, the map draws the plain wedge. */
export function useSector(id: number): void {
  const { data } = useQuery({ queryKey: ['sector', id], queryFn: () => take(api.GET('/api/cameras/{id}/sector', { params: { path: { id } } })) })
  useEffect(() => {
    if (data?.sector) theMap.get()?.sight([data.sector as Polygon])
    return () => theMap.get()?.sight(null)
  }, [data, id])
}
