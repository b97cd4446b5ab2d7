import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { go, paths } from '../app/router'
import { may, useSession } from '../app/session'
import { useText } from '../i18n'
import '../i18n/sight'
import '../i18n/wall'
import { distance } from '../lib/format'
import { useLive } from '../live/hooks'
import { Button } from '../ui/Button'
import { notify } from '../ui/notices'
import { Empty } from '../ui/State'
import '../features/sight/sight.css'
import { Cameras, cameraType } from './Cameras'
import { Patrols, patrolsQuery, type Patrol } from './Patrols'
import { Tile } from './Tile'
import { usePatrol } from './usePatrol'
import './video.css'
import { turns } from './turner'
import { addressed, formatWall, keepWall, keptWall, layouts, parseWall, put, step, type Wall } from './wall'

/** Keys that the wall leaves to the console: theme, language, and the alarm's acknowledgement. */
const consoleKeys = new Set(['t', 'e', 'a', 'l'])

/** The video wall: cameras in tiles, by hand, by address, or by a patrol. */
export default function VideoWall() {
  const { t } = useText()
  if (may(useSession(), 'camera.watch')) return <Board />
  return (
    <main className="wall-refused">
      <Empty icon="camera" title={t('wall.notAllowed')}>
        <Button onPress={leave}>{t('wall.back')}</Button>
      </Empty>
    </main>
  )
}

/** The map's address knows nothing of tiles. */
function leave(): void {
  const params = new URLSearchParams(location.search)
  params.delete('cameras')
  params.delete('layout')
  history.replaceState(null, '', `${location.pathname}${params.size ? `?${params}` : ''}`)
  go(paths.situation, null)
}

function Board() {
  const { t } = useText()
  const live = useLive()
  const [wall, setWall] = useState<Wall>(() => (addressed(location.search) ? parseWall(location.search) : keptWall()))
  const [at, setAt] = useState(0)
  const [single, setSingle] = useState(false)
  const [patrol, setPatrol] = useState<Patrol | null>(null)
  const search = useRef<HTMLInputElement>(null)
  const grid = useRef<HTMLDivElement>(null)
  const { layout } = wall
  const round = usePatrol(patrol, layout)
  const shown = round.cameras ?? wall.cameras
  useEffect(() => {
    history.replaceState(history.state, '', `${location.pathname}${formatWall(wall, location.search)}`)
    keepWall(wall)
  }, [wall])
  const show = (group: Patrol) => {
    setPatrol(null)
    setSingle(false)
    setWall({ layout: group.layout as Wall['layout'], cameras: group.stops.map(({ camera_id }) => camera_id) })
  }
  // An address that names a group is that of its cameras from then on.
  const [asked] = useState(() => Number(new URLSearchParams(location.search).get('group')))
  const groups = useQuery({ ...patrolsQuery, enabled: asked > 0 })
  const opened = useRef(false)
  useEffect(() => {
    if (!asked || !groups.data || opened.current) return
    opened.current = true
    const group = groups.data.find(({ id, layout }) => id === asked && layout > 0)
    if (group) show(group)
    else notify('wrong', t('wall.noGroup'))
  }, [asked, groups.data])
  useEffect(() => {
    if (round.held) setAt(Math.max(0, shown.indexOf(round.held.camera)))
  }, [round.held?.camera])

  const place = (tile: number, id: number | null) => {
    setPatrol(null)
    setWall((old) => ({ ...old, cameras: put(old.cameras, tile, id) }))
  }
  const choose = (id: number) => {
    place(at, id)
    const cameras = put(wall.cameras, at, id)
    const free = cameras.findIndex((each, i) => i < layout && each === null)
    if (free >= 0) setAt(free)
  }
  const lay = (n: (typeof layouts)[number]) => {
    setSingle(false)
    setAt((old) => Math.min(old, n - 1))
    setWall((old) => ({ ...old, layout: n }))
  }
  const focus = (tile: number) => {
    setAt(tile)
    grid.current?.querySelector<HTMLElement>(`[data-tile="${tile}"]`)?.focus()
  }
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.closest('input, textarea, select, [role=dialog], [role=listbox], [role=menu]')) return
      if (turns(event.key) && target.closest('[data-turns]')) return
      if ((event.key === 'Enter' || event.key === ' ') && target.closest('button, a')) return
      if (event.key.startsWith('Arrow')) focus(step(at, event.key, layout))
      else if (event.key === 'Enter') setSingle(!single)
      else if (event.key === 'Escape' && single) setSingle(false)
      else if (/^[1-4]$/.test(event.key)) lay(layouts[Number(event.key) - 1]!)
      else if ((event.key === 'Delete' || event.key === 'Backspace') && !patrol) place(at, null)
      else if (event.key === '/') search.current?.focus()
      else if (event.key.toLowerCase() === 'p' && patrol) setPatrol(null)
      else if (event.key.toLowerCase() === 'v') leave()
      else {
        // The map's keys do nothing here: what they change is not to be seen.
        if (event.key.length === 1 && !consoleKeys.has(event.key.toLowerCase())) event.stopPropagation()
        return
      }
      event.preventDefault()
      event.stopPropagation()
    }
    globalThis.addEventListener('keydown', press, true)
    return () => globalThis.removeEventListener('keydown', press, true)
  })

  const nameOf = (id: number | null | undefined) => (id == null ? t('wall.empty') : String(live.layer('camera').value(id, 'name') ?? id))
  const tiles = Array.from({ length: layout }, (_, i) => i)
  return (
    <main className="wall" data-testid="video-wall">
      <nav className="wall-bar">
        <Button icon="chevronLeft" onPress={leave}>
          {t('wall.back')}
        </Button>
        <h1>{t('wall.title')}</h1>
        <div className="wall-layouts" role="group" aria-label={t('wall.layouts')}>
          {layouts.map((n) => (
            <button key={n} type="button" className="wall-layout" aria-pressed={n === layout} title={t('wall.layout', { n })} onClick={() => lay(n)} data-testid={`layout-${n}`}>
              {n}
            </button>
          ))}
        </div>
        {patrol && (
          <p className={`wall-round${round.held ? ' wall-held' : ''}`} role="status" data-testid="wall-round">
            {round.held
              ? `▲ ${t('wall.held', { title: round.held.title, camera: nameOf(round.held.camera), metres: distance(round.held.metres, t) })}`
              : `▶ ${t('wall.running', { name: patrol.name, page: round.page + 1, pages: round.pages })}`}
            <Button small onPress={() => setPatrol(null)} data-testid="patrol-stop">
              {t('wall.stop')}
            </Button>
          </p>
        )}
        <span className="wall-keys truncate">{t('wall.keys')}</span>
      </nav>
      <aside className="wall-side">
        <Cameras onWall={shown} onChoose={choose} search={search} />
        <Patrols
          layout={layout}
          onShow={show}
          cameras={wall.cameras.filter((id) => id !== null)}
          running={patrol?.id ?? null}
          onRun={(next) => {
            setSingle(false)
            setPatrol(next)
          }}
        />
      </aside>
      <div ref={grid} className="wall-grid" data-layout={single ? 1 : layout} style={{ '--side': single ? 1 : Math.sqrt(layout) } as React.CSSProperties}>
        {tiles.map((i) => {
          const id = shown[i] ?? null
          if (single && i !== at) return null
          return (
            <div
              key={i}
              className={`wall-tile${round.held && id === round.held.camera ? ' wall-tile-held' : ''}`}
              role="group"
              tabIndex={i === at ? 0 : -1}
              aria-label={t('wall.tile', { n: i + 1, name: nameOf(id) })}
              aria-current={i === at || undefined}
              data-tile={i}
              data-testid={`tile-${i}`}
              draggable={id !== null && !patrol}
              onFocus={() => setAt(i)}
              onMouseDown={() => setAt(i)}
              onDoubleClick={() => setSingle(!single)}
              onDragStart={(event) => id !== null && event.dataTransfer.setData(cameraType, String(id))}
              onDragOver={(event) => event.dataTransfer.types.includes(cameraType) && event.preventDefault()}
              onDrop={(event) => {
                const dropped = Number(event.dataTransfer.getData(cameraType))
                if (!dropped) return
                event.preventDefault()
                setAt(i)
                place(i, dropped)
              }}
            >
              {id === null ? (
                <p className="tile-empty">
                  <b>{t('wall.empty')}</b>
                  {i === at && <span>{t('wall.emptyHint')}</span>}
                </p>
              ) : (
                <Tile key={id} id={id} small={!single && layout >= 9} alone={single || layout === 1} onClear={patrol ? undefined : () => place(i, null)} />
              )}
            </div>
          )
        })}
      </div>
    </main>
  )
}

