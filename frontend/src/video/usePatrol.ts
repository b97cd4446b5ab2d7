import type { Point } from 'geojson'
import { useQueries } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { api, take } from '../api/client'
import { answered } from '../features/alarm/acknowledge'
import { ringing } from '../features/alarm/rule'
import { useNow } from '../lib/clock'
import type { LonLat } from '../lib/geo'
import { useStore } from '../lib/store'
import { useLayer, useLive } from '../live/hooks'
import type { Patrol } from './Patrols'
import { nearM, nearest, pages, type Layout } from './wall'

export interface Held {
  incident: number
  title: string
  camera: number
  metres: number
}

/** Where the cameras around a place stand: the live copy does not say, since cameras are drawn from tiles. */
const around500 = (place: LonLat) => ({
  queryKey: ['cameras-around', place.join()],
  queryFn: async () => {
    const { features } = await take(api.GET('/api/layers/{layer}/features', { params: { path: { layer: 'camera' }, query: { near: place.join(), radius: nearM, limit: 1000 } } }))
    return new Map(features.map(({ id, geometry }) => [Number(id), (geometry as unknown as Point).coordinates as LonLat]))
  },
  staleTime: 60_000,
})
const dataOf = (found: { data?: Map<number, LonLat> }[]) => found.map(({ data }) => data)

/**
 * Runs a patrol over the wall, page by page. A grave case near one of its cameras that nobody has acknowledged holds it, with that camera on the wall, until
 * somebody does so here or elsewhere.
 */
export function usePatrol(patrol: Patrol | null, layout: Layout): { cameras: readonly number[] | null; page: number; pages: number; held: Held | null } {
  const live = useLive()
  const incidents = useLayer('incident')
  const now = useNow(5)
  const done = useStore(answered)
  const [at, setAt] = useState(0)
  const all = useMemo(() => pages(patrol?.stops ?? [], layout), [patrol, layout])
  const alarms = useMemo(() => {
    if (!patrol) return []
    return ringing(incidents, now).flatMap((alarm) => {
      const geometry = live.layer('incident').geometryOf(alarm.incident)
      return geometry?.type === 'Point' && !done.has(alarm.incident) ? [{ ...alarm, place: (geometry as Point).coordinates as LonLat }] : []
    })
  }, [patrol, live, incidents, incidents.version, now, done])
  const around = useQueries({ queries: alarms.map(({ place }) => around500(place)), combine: dataOf })
  const held = useMemo(() => {
    const ids = patrol?.stops.map((stop) => stop.camera_id) ?? []
    for (const [i, { incident, title, place }] of alarms.entries()) {
      const near = nearest(place, ids, (id) => around[i]?.get(id) ?? null)
      if (near) return { incident, title, camera: near.id, metres: near.metres }
    }
    return null
  }, [patrol, alarms, around])
  const page = Math.min(at, Math.max(0, all.length - 1))
  const shown = held ? Math.max(0, all.findIndex(({ cameras }) => cameras.includes(held.camera))) : page
  useEffect(() => setAt(0), [patrol])
  useEffect(() => {
    if (held) setAt(shown) // it goes on from there
  }, [held, shown])
  const current = all[shown]
  const waits = held !== null
  useEffect(() => {
    if (!current || waits || all.length < 2) return
    const timer = window.setTimeout(() => setAt((shown + 1) % all.length), current.dwellMs)
    return () => window.clearTimeout(timer)
  }, [current, waits, shown, all.length])
  return { cameras: current?.cameras ?? null, page: shown, pages: all.length, held }
}
