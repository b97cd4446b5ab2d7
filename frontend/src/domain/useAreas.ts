import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { areasQuery } from '../api/queries'
import type { Area } from '../api/types'
import { useSession } from '../app/session'
import { AreaIndex, within } from './areas'

const none = new AreaIndex([])

/** The administrative tree; empty until it has come. */
export function useAreas(): AreaIndex {
  const { data } = useQuery(areasQuery)
  return useMemo(() => (data ? new AreaIndex(data) : none), [data])
}

/** What the signed-in person may choose an area from: county and towns within his own areas, and whether he sees everywhere. */
export function useOwnAreas(): { areas: Area[]; everywhere: boolean } {
  const tree = useAreas()
  const own = useSession()?.user.areas
  return useMemo(() => {
    const everywhere = own?.includes('*') ?? false
    const areas = tree.areas.filter(({ level, path }) => level !== 'village' && (everywhere || own?.some((each) => within(path, each))))
    return { areas, everywhere }
  }, [tree, own])
}
