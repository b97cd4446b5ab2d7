import { useQuery } from '@tanstack/react-query'
import { type CSSProperties, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { api, take } from '../api/client'
import { asApiError } from '../api/error'
import { may, useSession } from '../app/session'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { stamp } from '../lib/time'
import { CompareMaps, type PicturesState } from '../map/compare'
import type { Bbox } from '../map/types'
import { Button } from '../ui/Button'
import { Choice } from '../ui/Choice'
import { Icon } from '../ui/icons'
import { later } from '../ui/later'
import { Select } from '../ui/Select'
import { Empty, Failure, Loading } from '../ui/State'
import { type Capture, capturesQuery } from './queries'
import { MEASURED, verdictOn } from './offset'

const Find = later(() => import('./Find'))
const Measure = later(() => import('./Measure'))

const modes = ['swipe', 'side', 'opacity', 'flicker'] as const
type Mode = (typeof modes)[number]
const FLICKER = 700

/** Two captures of one place, held against each other. Which ones stands in the address. */
export default function ComparePage() {
  const { t } = useText()
  const found = useQuery(capturesQuery)
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  if (found.data.length < 2) return <Empty icon="eye" title={t('captures.needTwo')} detail={t('captures.noneHint')} />
  return <Compare all={found.data} />
}

const meets = (a: readonly number[], b: readonly number[]) => a[0]! < b[2]! && a[2]! > b[0]! && a[1]! < b[3]! && a[3]! > b[1]!

function Compare({ all }: { all: Capture[] }) {
  const { t, locale } = useText()
  const session = useSession()
  const { theme } = useStore(settings)
  const params = new URLSearchParams(location.search)
  const named = (key: string) => all.find(({ id }) => String(id) === params.get(key))
  const [b, setB] = useState(() => named('b') ?? all[0]!)
  const [a, setA] = useState(() => named('a') ?? all.find((each) => each !== b && meets(each.bbox, b.bbox)) ?? all.find((each) => each !== b)!)
  const [mode, setMode] = useState<Mode>('swipe')
  const [share, setShare] = useState(50)
  const [opacity, setOpacity] = useState(50)
  const [on, setOn] = useState(true)
  const [view, setView] = useState<Bbox>(b.bbox as Bbox)
  const [failed, setFailed] = useState(false)
  const [pictures, setPictures] = useState<PicturesState>('loading')
  const [made, setMade] = useState(0) // counts the maps: what is drawn on them is drawn again
  const [tool, setTool] = useState<'line' | 'area' | null>(null)
  const below = useRef<HTMLDivElement>(null)
  const above = useRef<HTMLDivElement>(null)
  const maps = useRef<CompareMaps | null>(null)
  const here = useMemo(() => all.filter(({ bbox }) => meets(bbox, view)).reverse(), [all, view]) // the earliest first
  const at = here.findIndex(({ id }) => id === b.id)

  useEffect(() => {
    try {
      maps.current = new CompareMaps([below.current!, above.current!], b.bbox as Bbox, theme, locale, setView, setPictures)
      setPictures('loading')
      setMade((n) => n + 1)
    } catch (error) {
      console.error('the maps did not open:', error)
      setFailed(true)
    }
    return () => {
      maps.current?.destroy()
      maps.current = null
    }
    // what is compared is shown by the next effects; the view begins where the first one lies
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [theme, locale])
  useEffect(() => maps.current?.show(0, a), [a, theme, locale])
  useEffect(() => maps.current?.show(1, b), [b, theme, locale])
  useEffect(() => maps.current?.resize(), [mode])
  useEffect(() => {
    const address = new URL(window.location.href)
    address.searchParams.set('a', String(a.id))
    address.searchParams.set('b', String(b.id))
    history.replaceState(null, '', address)
  }, [a, b])
  useEffect(() => {
    setOn(true)
    if (mode !== 'flicker') return
    const timer = setInterval(() => setOn((now) => !now), FLICKER)
    return () => clearInterval(timer)
  }, [mode])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).matches('input:not([type=range]), select, textarea')) return
      const chosen = modes[Number(event.key) - 1]
      if (chosen) setMode(chosen)
      else if (event.key === 'p' || event.key === 'v') setTool((now) => (now === (event.key === 'p' ? 'line' : 'area') ? null : event.key === 'p' ? 'line' : 'area'))
      else if (event.key === '[' && at > 0) setB(here[at - 1]!)
      else if (event.key === ']' && at >= 0 && at < here.length - 1) setB(here[at + 1]!)
      else return
      event.preventDefault()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [at, here])

  const title = (capture: Capture) => `${stamp(capture.captured_at, locale)} ${capture.name}`
  const choices = all.map((capture) => ({ id: String(capture.id), text: title(capture) }))
  const pick = (id: string) => all.find((each) => String(each.id) === id)!
  const style = { '--share': `${share}%`, '--opacity': mode === 'opacity' ? opacity / 100 : mode === 'flicker' && !on ? 0 : 1 } as CSSProperties
  return (
    <main className="compare" data-mode={mode} data-testid="compare">
      <div className="compare-bar">
        <Select label={t('captures.before')} choices={choices} value={String(a.id)} onChange={(id) => {
          setA(pick(id))
          maps.current?.fit(pick(id).bbox)
        }} testid="compare-a" />
        <Select label={t('captures.after')} choices={choices} value={String(b.id)} onChange={(id) => {
          setB(pick(id))
          maps.current?.fit(pick(id).bbox)
        }} testid="compare-b" />
        <Choice label={t('captures.mode.title')} all={modes} chosen={mode} onChoose={setMode} testid="compare">
          {(each, i) => (
            <>
              {t(`captures.mode.${each}`)} <kbd className="key">{i + 1}</kbd>
            </>
          )}
        </Choice>
        {mode === 'swipe' && <Range label={t('captures.position')} value={share} onChange={setShare} />}
        {mode === 'opacity' && <Range label={t('captures.opacity')} value={opacity} onChange={setOpacity} />}
        {here.length > 1 && (
          <label className="compare-range">
            <span>{t('captures.time')}</span>
            <input type="range" min={0} max={here.length - 1} step={1} value={Math.max(0, at)} aria-valuetext={title(b)} onChange={(event) => setB(here[Number(event.target.value)]!)} data-testid="compare-time" />
            <span className="captures-quiet">{Math.max(0, at) + 1} / {here.length}</span>
          </label>
        )}
        <div className="compare-tools">
          <Button look={tool === 'line' ? 'primary' : 'plain'} aria-pressed={tool === 'line'} onPress={() => setTool(tool === 'line' ? null : 'line')} data-testid="measure-line">{t('captures.measure.line')} <kbd className="key">P</kbd></Button>
          <Button look={tool === 'area' ? 'primary' : 'plain'} aria-pressed={tool === 'area'} onPress={() => setTool(tool === 'area' ? null : 'area')} data-testid="measure-area">{t('captures.measure.area3')} <kbd className="key">V</kbd></Button>
        </div>
        {may(session, 'detection.intake') && <Find a={a} b={b} />}
        <OffsetLine a={a} b={b} made={made} onCorrect={(east, north) => maps.current?.correct(east, north)} />
      </div>
      <div className="compare-stage" style={style}>
        <div className="compare-map compare-below" ref={below} data-testid="compare-below" />
        <div className="compare-map compare-above" ref={above} data-testid="compare-above" />
        {mode === 'swipe' && <Edge onShare={setShare} />}
        <span className="compare-name compare-name-a">A {title(a)}</span>
        <span className="compare-name compare-name-b">B {title(b)}</span>
        {tool && !failed && <Measure kind={tool} a={a} b={b} maps={maps} made={made} onClose={() => setTool(null)} />}
        {!failed && pictures !== 'shown' && (
          <p className="compare-state" role="status" data-state={pictures} data-testid="compare-state">
            <Icon name={pictures === 'failed' ? 'alert' : 'refresh'} />
            {t(pictures === 'failed' ? 'captures.compareMissed' : 'captures.compareLoading')}
          </p>
        )}
        {failed && <Empty icon="area" title={t('map.failed')} detail={t('map.failedDetail')} />}
      </div>
      <p className="compare-foot captures-quiet">{t('captures.compareHint')}</p>
    </main>
  )
}

/** The edge between both, which a hand draws along; by keyboard the slider in the bar does it. */
function Edge({ onShare }: { onShare: (share: number) => void }) {
  const drag = ({ currentTarget: edge, clientX, pointerId }: PointerEvent<HTMLSpanElement>) => {
    if (!edge.hasPointerCapture(pointerId)) return
    const { left, width } = edge.parentElement!.getBoundingClientRect()
    onShare(Math.round(Math.min(100, Math.max(0, (100 * (clientX - left)) / width))))
  }
  return <span className="compare-edge" aria-hidden="true" onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)} onPointerMove={drag} data-testid="compare-edge" />
}

function Range({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  return (
    <label className="compare-range">
      <span>{label}</span>
      <input type="range" min={0} max={100} value={value} onChange={(event) => onChange(Number(event.target.value))} />
    </label>
  )
}

/** How far one lies beside the other, as measured. */
function OffsetLine({ a, b, made, onCorrect }: { a: Capture; b: Capture; made: number; onCorrect: (east: number, north: number) => void }) {
  const { t } = useText()
  const [wanted, setWanted] = useState(true)
  const offset = useQuery({
    queryKey: ['offset', a.id, b.id],
    queryFn: () => take(api.GET('/api/captures/{id}/offset', { params: { path: { id: a.id }, query: { other: b.id } } })),
    enabled: a.id !== b.id,
    retry: false,
    staleTime: Infinity,
  })
  const verdict = a.id !== b.id && offset.data && offset.data.quality >= MEASURED ? verdictOn(offset.data) : null
  const corrects = wanted && verdict === 'safe'
  useEffect(() => {
    if (corrects) onCorrect(offset.data!.east_m, offset.data!.north_m)
    else onCorrect(0, 0)
    // the maps are made anew with the theme and the language
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [corrects, offset.data, made])
  if (a.id === b.id) return null
  const metres = (v: number) => `${v >= 0 ? '+' : '−'}${Math.abs(v).toFixed(2)}`
  return (
    <p className="compare-offset" role="status" data-testid="compare-offset">
      {offset.isPending
        ? t('captures.measuring')
        : offset.isError
          ? asApiError(offset.error).body.reason === 'no_overlap' ? t('captures.offsetNone') : t('captures.offsetUnsure')
          : offset.data.quality < MEASURED
            ? t('captures.offsetUnsure')
            : t('captures.offset', { east: metres(offset.data.east_m), north: metres(offset.data.north_m), quality: offset.data.quality.toFixed(2) })}
      {verdict === 'safe' ? (
        <label className="compare-fit">
          <input type="checkbox" checked={wanted} onChange={(event) => setWanted(event.target.checked)} data-testid="compare-correct" />
          {t('captures.fit.safe')}
        </label>
      ) : (
        verdict && <span className="captures-quiet"> · {t(`captures.fit.${verdict}`)}</span>
      )}
    </p>
  )
}
