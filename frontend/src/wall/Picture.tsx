import { useQuery } from '@tanstack/react-query'
import { Suspense, lazy, useEffect, useRef, useState } from 'react'
import { areasQuery } from '../api/queries'
import type { Catalog } from '../api/types'
import { useSession } from '../app/session'
import { changeSettings } from '../app/settings'
import { useText } from '../i18n'
import '../i18n/walls'
import { useStore } from '../lib/store'
import type { LiveStore } from '../live/store'
import { createMap } from '../map/controller'
import type { MapController } from '../map/types'
import { Loading } from '../ui/State'
import { Drawn } from './drawn'
import { hangs, quiet } from './health'
import { dropKept, keep, keptAt, showKept } from './kept'
import { setLens } from './lens'
import { arrived, cameraAt } from './motion'
import { type Layout, MARGIN, aloneFor, partOf, sliceOf } from './slice'
import type { WallSocket } from './socket'
import { followed, onSlice, showView, useLiveLayers } from './view'

const Videos = lazy(() => import('./Videos'))

type MapLibre = Parameters<typeof setLens>[0]

const BEAT_MS = 5000
const WATCH_MS = 1000
/** So old the picture may be that a reload begins with. */
const KEEP_MS = 10_000

interface PictureProps {
  catalog: Catalog
  layout: Layout
  row: number
  column: number
  socket: WallSocket
}

/** The map of this screen, larger than what is seen of it, see MARGIN; or what cameras see. */
export function Picture({ catalog, layout: told, row, column, socket }: PictureProps) {
  const { t } = useText()
  const layout = useSame(told)
  const frame = useRef<HTMLDivElement>(null)
  const live = useLiveLayers(catalog)
  const [map, setMap] = useState<MapController | null>(null)
  const drawn = useRef<MapLibre | null>(null)
  const areas = useQuery(areasQuery).data
  const { version } = useSession()
  const { shown, version: released } = useStore(socket.news)
  const scene = useSame(shown?.scene)
  const part = partOf(scene?.parts, row, column)
  const slice = useSame((part ? aloneFor(layout, part, row, column) : sliceOf(layout, row, column))!)
  const lens = useRef(slice)
  const heard = useRef(performance.now())
  const [state] = useState(() => new Drawn(performance.now()))
  const [begun, begin] = useState(() => keptAt() !== null) // whether there is anything to be seen

  useEffect(() => {
    const made = createMap(frame.current!, {
      live,
      catalog,
      theme: scene?.theme ?? 'dark',
      locale: scene?.lang ?? 'zh',
      lens: (now) => {
        drawn.current = now
        setLens(now, lens.current)
      },
    })
    setMap(made)
    return () => made.destroy()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the scene is told below
  }, [live, catalog])
  useEffect(() => {
    lens.current = slice
    if (drawn.current) setLens(drawn.current, slice)
  }, [slice, map])
  useEffect(() => map?.setAreas(areas ?? []), [map, areas])
  useEffect(() => {
    if (!map || !scene) return
    const view = part ?? scene
    changeSettings({ theme: scene.theme, locale: scene.lang })
    showView(map, scene, view)
    state.changed()
  }, [map, scene, part, state])
  useEffect(() => map?.select(shown?.incident ? { layer: 'incident', id: shown.incident } : null), [map, shown?.incident])
  useEffect(() => {
    heard.current = performance.now()
  }, [released])

  useEffect(() => {
    const seen = drawn.current
    if (!map || !seen) return undefined
    let frames = requestAnimationFrame(draw)
    let last = ''
    let whole = false
    let lastKept = -KEEP_MS
    const kept = (now: number) => {
      if (now - lastKept < KEEP_MS || !seen.areTilesLoaded()) return
      lastKept = now
      const [k, { width, height }] = [seen.getPixelRatio(), slice]
      void keep(seen.getCanvas(), MARGIN * k, MARGIN * k, width * k, height * k)
    }
    const rendered = () => {
      const now = performance.now()
      state.rendered(now, seen.areTilesLoaded())
      if (seen.areTilesLoaded()) begin(true)
      if (state.whole(now, map.restless)) kept(now)
    }
    const rests = () => {
      const now = performance.now()
      state.rested(now)
      kept(now)
    }
    seen.on('render', rendered)
    seen.on('idle', rests)
    const lost = () => {
      state.moved()
      showKept()
    }
    seen.on('webglcontextlost', lost)
    function draw() {
      frames = requestAnimationFrame(draw)
      state.age(performance.now()) // what is there while nothing is drawn is right
      const { shown: now } = socket.news.get()
      if (!now || !seen || now.scene.zoom === 0) return
      const own = partOf(now.scene.parts, row, column)
      if (own?.cameras?.length) return tell(now.scene.name)
      const view = own ?? now.scene
      const since = Date.parse(now.since)
      const from = own || !now.from ? null : followed(now.from, live, map!)
      const camera = cameraAt(from, followed(view, live, map!), since, socket.now)
      const said = JSON.stringify([camera.center, camera.zoom, camera.pitch, camera.bearing, slice])
      const there = arrived(since, socket.now)
      const along = there && Boolean(view.follow_unit) && map!.restless // with a unit on its way: what comes into view is little
      tell(there && (along || said === last) && state.whole(performance.now(), map!.restless) ? now.scene.name : null)
      if (said === last) return
      last = said
      if (!along) state.moved()
      seen.jumpTo(onSlice(camera, slice))
    }
    /** Which scene is shown whole; also for those who take pictures. */
    function tell(name: string | null): void {
      whole = name !== null
      if (whole) dropKept()
      const { dataset } = frame.current!
      if (name === null) delete dataset.whole
      else if (dataset.whole !== name) dataset.whole = name
    }
    const frameAge = () => Math.round(state.age(performance.now()))
    const beats = setInterval(() => socket.beat({ frame_age_ms: frameAge(), width: innerWidth, height: innerHeight, version }), BEAT_MS)
    const watch = setInterval(() => {
      const now = socket.news.get()
      const hung = hangs({ age: performance.now(), frameAge: frameAge(), visible: document.visibilityState === 'visible' })
      const until = now.shown && !now.shown.until.startsWith('0001') ? Date.parse(now.shown.until) : NaN
      const { rows, columns } = layout
      const due =
        now.version !== '' &&
        now.version !== version &&
        quiet({ now: socket.now, until, whole, jumped: Boolean(now.shown?.incident), grave: graveOpen(live), waited: performance.now() - heard.current, screen: (row - 1) * columns + column - 1, screens: rows * columns })
      if (hung || due) location.reload()
    }, WATCH_MS)
    return () => {
      cancelAnimationFrame(frames)
      clearInterval(beats)
      clearInterval(watch)
      seen.off('render', rendered)
      seen.off('idle', rests)
      seen.off('webglcontextlost', lost)
    }
  }, [socket, live, slice, version, map, layout, row, column, state])

  const { width, height } = layout
  const cameras = part?.cameras ?? []
  return (
    <>
      <div className="wall-map" ref={frame} data-testid="map" style={{ left: -MARGIN, top: -MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN }} />
      {!begun && cameras.length === 0 && (
        <div className="wall-first">
          <Loading text={t('walls.drawing')} />
        </div>
      )}
      {part && cameras.length > 0 && (
        <Suspense>
          <Videos live={live} cameras={share(cameras, (row - part.row) * part.columns + column - part.column, part.rows * part.columns)} />
        </Suspense>
      )}
    </>
  )
}

/** The value that was there before, while it says the same: whatever a screen tells of itself, all of them are told the whole document again. */
function useSame<T>(value: T): T {
  const kept = useRef(value)
  if (kept.current !== value && JSON.stringify(kept.current) !== JSON.stringify(value)) kept.current = value
  return kept.current
}

/** The cameras of one of so many screens, in the order of reading. */
function share(cameras: readonly number[], screen: number, screens: number): readonly number[] {
  const each = Math.ceil(cameras.length / screens)
  return cameras.slice(screen * each, (screen + 1) * each)
}

/** Whether a case of severity 1 is open, among those that the screen may see. The layer holds open cases alone. */
function graveOpen(live: LiveStore): boolean {
  for (const { severity } of live.layer('incident').rows()) if (severity === 1) return true
  return false
}
