import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useEffect, useLayoutEffect, useState } from 'react'
import { areasQuery, incidentQuery } from '../api/queries'
import type { Catalog } from '../api/types'
import { may, useSession } from '../app/session'
import { select, usePlace } from '../app/router'
import { settings } from '../app/settings'
import { change, grabbed, hiddenDrawings, theMap, threeD, workbench } from '../app/workbench'
import { useStore } from '../lib/store'
import { partsOfIncident } from '../features/detail/IncidentDetail'
import { shownLayers, shownPicture, shownTilesets, tilesetStates } from '../features/layers/tree'
import { useLive } from '../live/hooks'
import { createMap } from '../map/controller'
import type { MapLayerId } from '../map/types'
import { loadAhead } from '../ui/later'

/** Keeps one map in the container and tells it what the console knows. True: this browser cannot draw one. */
export function useMap(container: RefObject<HTMLDivElement | null>, frame: RefObject<HTMLElement | null>, catalog: Catalog): boolean {
  const live = useLive()
  const map = useStore(theMap)
  const { theme, locale, display } = useStore(settings)
  const { selection } = usePlace()
  const shown = useStore(shownLayers)
  const picture = useStore(shownPicture)
  const tilesets = useStore(shownTilesets)
  const areas = useQuery(areasQuery).data
  const mayCreate = may(useSession(), 'incident.create')
  const [failed, setFailed] = useState(false)

  useEffect(() => {
    const now = settings.get()
    try {
      const made = createMap(container.current!, {
        live,
        catalog,
        theme: now.theme,
        locale: now.locale,
        onSelect: (feature) => {
          if (!workbench.get().creating) select(feature)
        },
        onGrab: (feature, at) => grabbed.get()?.(feature, at) ?? false,
        on3D: (is3D) => threeD.set(is3D),
        onReady: () => loadAhead(partsOfIncident), // the first case that is pressed is as quick as the next
        onTileset: (name, state) => tilesetStates.set((now) => ({ ...now, [name]: state })),
        onPoint: (point) => {
          if (mayCreate) change({ creating: { point } })
        },
      })
      theMap.set(made)
      threeD.set(made.is3D)
      return () => {
        theMap.set(null)
        made.destroy()
      }
    } catch (error) {
      console.error('the map did not open:', error)
      setFailed(true)
      return undefined
    }
  }, [container, live, catalog, mayCreate])

  useEffect(() => map?.setTheme(theme), [map, theme])
  useEffect(() => map?.setLocale(locale), [map, locale])
  useEffect(() => map?.resize(), [map, display])
  useEffect(() => map?.setAreas(areas ?? []), [map, areas])
  useInsets(frame)
  const { creating } = useStore(workbench)
  const client = useQueryClient()
  useEffect(() => {
    if (creating?.point) map?.mark(creating.point)
    else map?.select(selection, selection?.layer !== 'incident' || client.prefetchQuery(incidentQuery(selection.id))) // its words come before the map moves; it never rejects: the detail says what failed
  }, [map, selection, creating, client])
  useEffect(() => {
    for (const [layer, visible] of Object.entries(shown)) map?.setLayerVisible(layer as MapLayerId, visible)
  }, [map, shown])
  useEffect(() => map?.setPicture(picture), [map, picture])
  useEffect(() => map?.setTilesets(tilesets), [map, tilesets])
  const drawings = useStore(hiddenDrawings)
  useEffect(() => map?.hideDrawings(drawings), [map, drawings])
  const { measure, drawing } = useStore(workbench)
  const taking = (measure || drawing !== null) && creating === null
  useLayoutEffect(() => map?.holdPresses(taking), [map, taking]) // the tool itself comes later: no press is lost on its way
  return failed
}

/**
 * Tells the map which of its pixels panels cover, so that what is flown to is not under one. It looks when the browser has laid the panels
 * out anyway: to ask for their places before would have it do so twice.
 */
function useInsets(frame: RefObject<HTMLElement | null>): void {
  const map = useStore(theMap)
  const { selection } = usePlace()
  const { creating } = useStore(workbench)
  useEffect(() => {
    const stage = frame.current
    if (!map || !stage) return
    const measure = () => {
      const box = stage.getBoundingClientRect()
      const detail = document.querySelector('.column-detail')?.getBoundingClientRect()
      const over = detail && detail.left < box.right - 1 && detail.right > box.left ? box.right - detail.left : 0
      const right = Math.max(0, Math.round(over))
      if (right !== told) stage.style.setProperty('--inset-right', `${right}px`) // controls and attribution move aside
      map.setInsets({ right })
      told = right
    }
    let told: number | undefined
    const watch = new ResizeObserver(measure)
    watch.observe(stage)
    return () => watch.disconnect()
  }, [map, frame, selection, creating])
}
