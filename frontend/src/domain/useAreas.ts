import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { areasQuery } from '../api/queries'
import { useSession } from '../app/session'
import { AreaIndex, ownAreas } from './areas'

const none = new AreaIndex([])

/** The administrative tree; empty until it has come. */
export function useAreas(): AreaIndex {
  const { data } = useQuery(areasQuery)
  return useMemo(() => (data ? new AreaIndex(data) : none), [data])
}

/** What the signed-in person may choose an area from; empty until the tree has come. */
export function useOwnAreas() {
  const tree = useAreas()
  const own = useSession().user.areas
  return useMemo(() => ownAreas(tree.areas, own), [tree, own])
}
