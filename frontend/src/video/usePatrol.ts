import type { Point } from 'geojson'
import { useEffect, useMemo, useState } from 'react'
import { answered } from '../features/alarm/acknowledge'
import { ringing } from '../features/alarm/rule'
import { useNow } from '../lib/clock'
import type { LonLat } from '../lib/geo'
import { useStore } from '../lib/store'
import { useLayer, useLive } from '../live/hooks'
import type { Patrol } from './Patrols'
import { nearest, pages, type Layout } from './wall'

export interface Held {
  incident: number
  title: string
  camera: number
  metres: number
}

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
  const held = useMemo(() => {
    if (!patrol) return null
    const ids = patrol.stops.map((stop) => stop.camera_id)
    const pointOf = (layer: string, id: number) => {
      const geometry = live.layer(layer).geometryOf(id)
      return geometry?.type === 'Point' ? ((geometry as Point).coordinates as LonLat) : null
    }
    for (const { incident, title } of ringing(incidents, now)) {
      if (done.has(incident)) continue
      const place = pointOf('incident', incident)
      const near = place && nearest(place, ids, (id) => pointOf('camera', id))
      if (near) return { incident, title, camera: near.id, metres: near.metres }
    }
    return null
  }, [patrol, live, incidents, incidents.version, now, done])
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
