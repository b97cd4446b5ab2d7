import { useMutation } from '@tanstack/react-query'
import { type RefObject, useEffect, useState } from 'react'
import { api, take } from '../api/client'
import type { components } from '../api/schema.gen'
import { useText } from '../i18n'
import { listed } from '../lib/format'
import type { LonLat } from '../lib/geo'
import type { CompareMaps } from '../map/compare'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { Failure } from '../ui/State'
import { HeightChart } from './HeightChart'
import type { Capture } from './queries'

const least = { line: 2, area: 3 }
const most = { line: 100, area: 400 }

/** Draws a line or an outline on both maps, and tells what the surface models say there. */
export default function Measure({ kind, a, b, maps, made, onClose }: { kind: 'line' | 'area'; a: Capture; b: Capture; maps: RefObject<CompareMaps | null>; made: number; onClose: () => void }) {
  const { t, locale } = useText()
  const [points, setPoints] = useState<LonLat[]>([])
  const measure = useMutation({
    mutationFn: async () =>
      kind === 'line'
        ? { profile: await take(api.POST('/api/captures/{id}/profiles', { params: { path: { id: a.id } }, body: { other: b.id, line: points } })) }
        : { work: await take(api.POST('/api/captures/{id}/volumes', { params: { path: { id: a.id } }, body: { after: b.id, outline: { type: 'Polygon', coordinates: [[...points, points[0]!]] } } })) },
  })
  const drawing = measure.isIdle
  const ready = points.length >= least[kind]
  const again = () => {
    measure.reset()
    setPoints([])
  }
  const finish = () => {
    if (drawing && ready) measure.mutate()
  }
  useEffect(() => {
    measure.reset()
    setPoints([])
    // another pair or another tool begins anew
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [kind, a.id, b.id])
  useEffect(() => maps.current?.sketch(kind, points), [maps, made, kind, points, a, b])
  useEffect(() => () => maps.current?.sketch('line', []), [maps])
  useEffect(() => {
    maps.current?.onPlace(drawing ? (at) => setPoints((now) => (now.length < most[kind] ? [...now, at] : now)) : null)
    return () => maps.current?.onPlace(null)
  }, [maps, made, kind, drawing])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).matches('input, select, textarea, button')) return
      if (event.key === 'Escape') {
        if (points.length > 0) again()
        else onClose()
      } else if (event.key === 'Enter') finish()
      else if (event.key === 'Backspace' && drawing) setPoints((now) => now.slice(0, -1))
      else if (event.key === ' ' && drawing && maps.current) setPoints((now) => [...now, maps.current!.middle()])
      else return
      event.preventDefault()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })
  const has = (capture: Capture) => capture.files.some(({ kind }) => kind === 'dsm')
  const lacks = [...(has(a) ? [] : ['A']), ...(has(b) ? [] : ['B'])]
  const useless = kind === 'line' ? lacks.length === 2 : lacks.length > 0
  const { profile, work } = { profile: undefined, work: undefined, ...measure.data }
  return (
    <>
      {drawing && !useless && <span className="measure-middle" aria-hidden="true" />}
      <section className="measure" aria-label={t(`captures.measure.${kind}`)} data-testid="measure">
        <header className="measure-head">
          <b>{t(`captures.measure.${kind}`)}</b>
          {lacks.length > 0 && <span className="captures-quiet"><Icon name="alert" size="1em" /> {t(useless ? 'captures.measure.noDsm' : 'captures.measure.oneDsm', { which: listed(lacks, locale) })}</span>}
          {drawing && !useless && <span className="captures-quiet">{t('captures.measure.hint', { n: points.length })}</span>}
          {measure.isPending && <span role="status">{t('captures.measure.busy')}</span>}
          <span className="measure-acts">
            {drawing && !useless && <Button small look="primary" isDisabled={!ready} onPress={finish} data-testid="measure-finish">{t('captures.measure.finish')}</Button>}
            {!drawing && <Button small onPress={again} data-testid="measure-again">{t('captures.measure.again')}</Button>}
            <Button small look="quiet" icon="close" onPress={onClose} aria-label={t('app.close')} />
          </span>
        </header>
        {measure.error && <Failure compact error={measure.error} />}
        {profile && <HeightChart profile={profile} names={new Map([[a.id, 'A'], [b.id, 'B']])} />}
        {work && <Work work={work} />}
      </section>
    </>
  )
}

/** Volumes, and how far they can be trusted. */
function Work({ work }: { work: components['schemas']['Earthwork'] }) {
  const { t, locale } = useText()
  const number = (v: number, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(v)
  const signed = (v: number, digits = 0) => `${v < 0 ? '−' : '+'}${number(Math.abs(v), digits)}`
  const shift =
    work.shift_east_m === null || work.shift_north_m === null
      ? t('captures.measure.shiftNone')
      : t(work.moved ? 'captures.measure.shiftMoved' : 'captures.measure.shiftSmall', { east: signed(work.shift_east_m, 2), north: signed(work.shift_north_m, 2) })
  const items: [string, string][] = [
    [t('captures.measure.fill'), `${work.fill_m3 < 0.5 ? '' : '+'}${number(work.fill_m3)} m³`],
    [t('captures.measure.cut'), `${work.cut_m3 < 0.5 ? '' : '−'}${number(work.cut_m3)} m³`],
    [t('captures.measure.net'), `${signed(work.net_m3)} m³`],
    ...(work.level_net_m3 !== null ? ([[t('captures.measure.level'), `${signed(work.level_net_m3)} m³`]] as [string, string][]) : []),
    [t('captures.measure.area2'), `${number(work.area_m2, 1)} m²`],
    [t('captures.measure.reach'), `+${number(work.highest_m, 2)} / −${number(work.deepest_m, 2)} m`],
  ]
  return (
    <div data-testid="earthwork">
      <dl className="measure-figures">
        {items.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="captures-quiet">
        {work.known < 0.999 && <b><Icon name="alert" size="1em" /> {t('captures.measure.unknown', { share: ((1 - work.known) * 100).toFixed(1) })} </b>}
        {work.around_m !== null ? t('captures.measure.around', { around: signed(work.around_m, 2), spread: number(work.spread_m!, 2) }) : t('captures.measure.aroundNone')} {shift} {t('captures.measure.pixel', { pixel: number(work.pixel_m, 2) })}
      </p>
    </div>
  )
}
