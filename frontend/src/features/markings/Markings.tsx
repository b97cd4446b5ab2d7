import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { asApiError, errorText } from '../../api/error'
import { queryClient, searchQuery } from '../../api/queries'
import { change, theMap, workbench } from '../../app/workbench'
import { place, usePlace } from '../../app/router'
import { useText } from '../../i18n'
import '../../i18n/markings'
import { useStore } from '../../lib/store'
import { useLamp, useRow } from '../../live/hooks'
import { drawableOf } from '../../map/markings/scene'
import { type MarkingKind, type Side, type Standing, kindNames, kinds } from '../../map/markings/kinds'
import { type Drawable, geometryOf } from '../../map/markings/shapes'
import type { LonLat, MapController } from '../../map/types'
import { usePointer, usePoints } from '../../map/usePoints'
import { Button, IconButton } from '../../ui/Button'
import { Choice } from '../../ui/Choice'
import { notify } from '../../ui/notices'
import { Edit } from './Edit'
import { KindSign } from './KindSign'
import { List } from './List'
import './markings.css'
import { Overlay } from './Overlay'
import { type Content, type Marking, cameFirst, changeIt, contentOf, drawIt, fresh, drawingQuery, stepIt } from './queries'

const sides: Side[] = ['own', 'hazard', 'control', 'search']
/** So near to the last point a press ends a line, pixels. */
const NEAR_PX = 9

/** Draws on the map for a case or for the areas by themselves: 标绘. A press or Space takes a point, Enter ends a line, Escape goes one step back. */
export default function Markings() {
  const map = useStore(theMap)
  const { drawing } = useStore(workbench)
  return map && drawing !== null ? <Tools key={drawing} map={map} incident={drawing} /> : null
}

function Tools({ map, incident }: { map: MapController; incident: number }) {
  const { t, has } = useText()
  const [kind, setKind] = useState<MarkingKind | null>(null)
  const [standing, setStanding] = useState<Standing>('planned')
  const [points, setPoints] = useState<readonly LonLat[]>([])
  const [held, setHeld] = useState<number | null>(null)
  const [moved, setMoved] = useState<readonly LonLat[] | null>(null)
  const [busy, setBusy] = useState(false)
  const saving = useRef<Promise<Marking | null>>(Promise.resolve(null))
  const panel = useRef<HTMLElement>(null)
  const pointer = usePointer(map)
  const drawn = useQuery(drawingQuery(incident))
  const row = useRow('marking', held)
  const offline = useLamp().state === 'offline'
  const mine = drawn.data?.items.find((each) => each.id === held)
  const failed = (error: unknown) => notify('wrong', cameFirst(error) !== null ? t('marking.conflict', { by: cameFirst(error) }) : errorText(error, t, has))

  useEffect(() => { // two presses end a line: the map does not also come nearer
    map.engine.doubleClickZoom.disable()
    return () => map.engine.doubleClickZoom.enable()
  }, [map])
  useEffect(() => setMoved(null), [row?.revision, held])
  useEffect(() => { // the case is beside the tool, not under it
    const left = Math.round(panel.current!.getBoundingClientRect().right - map.engine.getContainer().getBoundingClientRect().left)
    map.setInsets({ left })
    const { selection } = place()
    if (incident > 0 && selection?.layer === 'incident' && selection.id === incident) map.select(selection, true)
    return () => map.setInsets({ left: 0 })
  }, [map, incident])

  const choose = (next: MarkingKind | null) => {
    setKind(next)
    setPoints([])
    setHeld(null)
    if (next) map.engine.getCanvas().focus() // Space takes a point now, and does not press the kind's button again
  }
  const keep = async (all: readonly LonLat[]) => {
    const geometry = kind && geometryOf(kind, all)
    if (!geometry || busy) return
    setBusy(true)
    try {
      const made = await drawIt({ incident_id: incident, kind, standing, label: kind === 'text' ? t('marking.kind.text') : '', note: '', rotation_deg: 0, size: 1, radius_m: 0, locked: false, geometry: geometry as Content['geometry'] })
      choose(null)
      setHeld(made.id)
    } catch (error) {
      failed(error)
    } finally {
      setBusy(false)
      fresh(incident)
    }
  }
  /** Keeps what was changed of the marking that is held, as it was seen; one change after the other, for each counts on the revision that the one before it made. */
  const save = (what: Partial<Content>): Promise<void> => {
    const { data } = drawn
    const now = row && { ...drawableOf(row), note: String(row.note ?? ''), locked: row.locked === true }
    if (held === null || !now || !data) return Promise.resolve()
    const seen = Number(row.revision)
    const next = saving.current.then(async (before) => {
      try {
        const mine = before?.id === held && before.revision > seen ? before : null
        return await changeIt(held, mine ? mine.revision : seen, { ...(mine ? contentOf(mine) : now), ...what } as Content)
      } catch (error) {
        failed(error)
        setMoved(null)
        return null
      } finally {
        fresh(incident)
      }
    })
    saving.current = next
    return next.then(() => {})
  }
  const step = async (which: 'undo' | 'redo') => {
    try {
      await stepIt(incident, which)
    } catch (error) {
      const { body } = asApiError(error)
      if (body.reason === 'overtaken') notify('wrong', t('marking.overtaken', { what: body.params?.label || t('marking.title'), by: body.params?.by }))
      else failed(error)
    } finally {
      fresh(incident)
    }
  }
  const take = (at: LonLat) => {
    if (!kind) {
      setHeld(pressed(map, at))
      return
    }
    const { shape, most } = kinds[kind]
    const near = (place: LonLat | undefined) => {
      if (!place) return false
      const [a, b] = [map.engine.project(place), map.engine.project(at)]
      return Math.hypot(a.x - b.x, a.y - b.y) < NEAR_PX
    }
    if (points.length >= (shape === 'area' ? 3 : 2) && (near(points.at(-1)) || (shape === 'area' && near(points[0])))) return void keep(points)
    if (near(points.at(-1))) return
    const next = [...points, at]
    setPoints(next)
    if (next.length >= most) void keep(next)
  }
  usePoints(map, {
    take,
    undo: () => (points.length > 0 ? setPoints(points.slice(0, -1)) : void step('undo')),
    end: () => {
      if (points.length > 0) setPoints([])
      else if (kind || held !== null) choose(null)
      else change({ drawing: null })
      return true
    },
    press: (event) => {
      const redoes = (event.ctrlKey || event.metaKey) && (event.key.toLowerCase() === 'y' || (event.shiftKey && event.key.toLowerCase() === 'z'))
      if (redoes) void step('redo')
      else if (event.key === 'Backspace' && points.length === 0) return true // it takes points back, not what is kept
      else if (event.key === 'Enter' && points.length > 0 && !(event.target instanceof Element && event.target.closest('button, a'))) void keep(points)
      else return false
      return true
    },
  })

  const ghostPoints = kind && points.length > 0 && pointer ? [...points, pointer].slice(0, kinds[kind].most) : points
  const drafted = kind && geometryOf(kind, ghostPoints)
  const seen = row?.geometry ? drawableOf(row) : null
  const shapeMoved = seen && moved && geometryOf(seen.kind, moved)
  const ghost: Drawable | null = kind && drafted ? { kind, standing, label: '', rotation_deg: 0, size: 1, radius_m: 0, geometry: drafted } : shapeMoved ? { ...seen, geometry: shapeMoved } : null
  const editable = mine?.editable === true && row?.locked !== true
  const form = kind && kinds[kind]
  const hint = !kind ? t('marking.choose') : t(`marking.draw.${form!.most === 2 ? 'arrow' : form!.shape}`)
  const told = (act: { deed: string; kind: string; label: string } | null | undefined) => act && t(`marking.deed.${act.deed}`, { what: act.label || t(`marking.kind.${act.kind}`) })

  return (
    <>
      <Overlay
        map={map}
        ghost={ghost}
        loose={kind ? points : []}
        held={seen && editable ? (shapeMoved ? { ...seen, geometry: shapeMoved } : seen) : null}
        cross={kind !== null}
        onMove={(now, rested) => {
          setMoved(now)
          const geometry = seen && geometryOf(seen.kind, now)
          if (rested && geometry) void save({ geometry: geometry as Content['geometry'] })
        }}
      />
      <section ref={panel} className="markings" aria-label={t('marking.title')} data-testid="markings">
        <header className="markings-head">
          <h2>{t('marking.title')}</h2>
          <IconButton icon="undo" label={drawn.data?.undo ? t('marking.undo', { what: told(drawn.data.undo) }) : t('marking.nothing')} shortcut="Ctrl+Z" isDisabled={!drawn.data?.undo || offline} onPress={() => void step('undo')} data-testid="marking-undo" />
          <IconButton icon="redo" label={drawn.data?.redo ? t('marking.redo', { what: told(drawn.data.redo) }) : t('marking.nothing')} shortcut="Ctrl+Y" isDisabled={!drawn.data?.redo || offline} onPress={() => void step('redo')} data-testid="marking-redo" />
          <IconButton icon="close" label={t('marking.end')} shortcut="Esc" onPress={() => change({ drawing: null })} />
        </header>
        <DrawingChoice incident={incident} />
        {offline && <p className="marking-note marking-warn" role="alert">{t('marking.offline')}</p>}
        {seen && held !== null && <Edit key={held} id={held} marking={mine} row={row!} onSave={save} onRemoved={() => setHeld(null)} onClose={() => setHeld(null)} onFailed={failed} />}
        {seen && <h3 className="marking-next">{t('marking.next')}</h3>}
        <Choice wide label={t('marking.standingHint')} all={['planned', 'actual'] as const} chosen={standing} onChoose={setStanding} testid="standing">
          {(one) => (
            <>
              <svg viewBox="0 0 30 6" aria-hidden="true">
                <path d="M1 3h28" stroke="currentColor" strokeWidth="3" strokeDasharray={one === 'planned' ? '6 4' : undefined} />
              </svg>
              {t(`marking.standing.${one}`)}
            </>
          )}
        </Choice>
        <div className="marking-kinds">
          {sides.map((side) => (
            <div key={side} role="group" aria-label={t(`marking.side.${side}`)}>
              <h3>{t(`marking.side.${side}`)}</h3>
              {kindNames.filter((each) => kinds[each].side === side).map((each) => (
                <button key={each} type="button" className="marking-kind" aria-pressed={kind === each} disabled={offline} onClick={() => choose(kind === each ? null : each)} data-testid={`kind-${each}`}>
                  <KindSign kind={each} />
                  <span>{t(`marking.kind.${each}`)}</span>
                </button>
              ))}
            </div>
          ))}
        </div>
        <p className="marking-note" role="status">{hint}</p>
        {kind && (
          <>
            <PlaceInput onTake={take} map={map} />
            <p className="marking-note">{t('marking.keyboard')}</p>
            <div className="marking-buttons">
              {kinds[kind].shape !== 'point' && (
                <Button small look="primary" icon="check" isDisabled={busy || !geometryOf(kind, points)} onPress={() => void keep(points)} data-testid="marking-finish">
                  {t('marking.finish')}
                </Button>
              )}
              <Button small look="quiet" onPress={() => choose(null)}>
                {t('marking.cancel')}
              </Button>
            </div>
          </>
        )}
        <List incident={incident} held={held} onHold={(id) => { choose(null); setHeld(id) }} />
      </section>
    </>
  )
}

/** The marking under a place of the map, as it is drawn; null for none. */
function pressed(map: MapController, at: LonLat): number | null {
  const { x, y } = map.engine.project(at)
  const layers = ['marking-sign', 'marking-text', 'marking-actual', 'marking-planned', 'marking-fill'].filter((id) => map.engine.getLayer(id))
  const [hit] = layers.length > 0 ? map.engine.queryRenderedFeatures([[x - 6, y - 6], [x + 6, y + 6]], { layers }) : []
  return hit ? Math.floor(Number(hit.id) / 4) : null
}

/** Which drawing is drawn on: that of the case that is chosen, or that of the areas. */
function DrawingChoice({ incident }: { incident: number }) {
  const { t } = useText()
  const { selection } = usePlace()
  const chosen = selection?.layer === 'incident' ? selection.id : null
  const cases = [...new Set([incident, chosen ?? 0])].filter((id) => id > 0)
  return (
    <label className="marking-field">
      <span>{t('marking.drawnFor')}</span>
      <select value={incident} onChange={(event) => change({ drawing: Number(event.target.value) })} data-testid="marking-drawing">
        {cases.map((id) => (
          <CaseOption key={id} id={id} />
        ))}
        <option value={0}>{t('marking.ofAreas')}</option>
      </select>
    </label>
  )
}

function CaseOption({ id }: { id: number }) {
  const row = useRow('incident', id)
  return <option value={id}>{String(row?.title ?? `#${id}`)}</option>
}

/** A point by its coordinates, in any system that the search reads, or by the name of a place. */
function PlaceInput({ map, onTake }: { map: MapController; onTake: (at: LonLat) => void }) {
  const { t } = useText()
  const [text, setText] = useState('')
  const [missing, setMissing] = useState('')
  const asked = useRef('')
  const find = async () => {
    const q = text.trim()
    if (!q) return
    asked.current = q
    const hits = await queryClient.fetchQuery(searchQuery(q)).catch(() => [])
    if (asked.current !== q) return
    const at = hits[0]?.point
    if (!at) return setMissing(q)
    setText('')
    setMissing('')
    map.flyTo([at[0]!, at[1]!])
    onTake([at[0]!, at[1]!])
  }
  return (
    <>
      <input className="marking-input" aria-label={t('marking.at')} placeholder={t('marking.at')} value={text} maxLength={100} spellCheck={false} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => { if (event.key === 'Enter' && !event.nativeEvent.isComposing) void find() }} data-testid="marking-at" />
      {missing && <p className="marking-note marking-warn" role="alert">{t('marking.notFound', { q: missing })}</p>}
    </>
  )
}

