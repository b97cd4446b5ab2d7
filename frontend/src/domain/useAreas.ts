import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { areasQuery } from '../api/queries'
import { AreaIndex } from './areas'

const none = new AreaIndex([])

/** The administrative tree; empty until it has come. */
export function useAreas(): AreaIndex {
  const { data } = useQuery(areasQuery)
  return useMemo(() => (data ? new AreaIndex(data) : none), [data])
}
