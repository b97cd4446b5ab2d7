import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, take } from '../api/client'
import { bookmarksQuery, catalogQuery } from '../api/queries'
import { go, paths } from '../app/router'
import { useSession } from '../app/session'
import { useAreas } from '../domain/useAreas'
import { logText } from '../features/detail/logText'
import { localInput } from '../features/timeline/span'
import { useText } from '../i18n'
import '../i18n/markings'
import '../i18n/review'
import { duration, stamp } from '../lib/time'
import { drawPicture } from '../map/picture'
import type { Bbox } from '../map/types'
import { Button } from '../ui/Button'
import { SeveritySign, asSeverity } from '../ui/Severity'
import { Empty, Failure, Loading } from '../ui/State'
import { actsTold, drawnThen } from './drawn'
import './review.css'
import { type Reviewed, summarize } from './summary'

/** As the server bounds a review. */
const MOST = 2000

/** What happened in a span and what was done, on paper: the browser prints it or keeps it as PDF. The span stands in the address. */
export default function ReviewApp() {
  const { t } = useText()
  const params = new URLSearchParams(location.search)
  const [[from, until], setSpan] = useState<[number, number]>(() => {
    const until = Date.parse(params.get('until') ?? '') || Date.now()
    return [Date.parse(params.get('from') ?? '') || until - 12 * 3_600_000, until]
  })
  const review = useQuery({
    queryKey: ['review', from, until],
    queryFn: async () => (await take(api.GET('/api/review', { params: { query: { from: new Date(from).toISOString(), until: new Date(until).toISOString() } } }))).items,
    retry: false,
  })
  const show = (from: number, until: number) => {
    const address = new URL(location.href)
    address.searchParams.set('from', new Date(from).toISOString())
    address.searchParams.set('until', new Date(until).toISOString())
    history.replaceState(null, '', address)
    setSpan([from, until])
  }
  const moment = (label: string, at: number, set: (at: number) => void) => (
    <label className="review-moment">
      <span>{label}</span>
      <input type="datetime-local" step="60" value={localInput(new Date(at).toISOString()).slice(0, 16)} onChange={(e) => e.target.value && set(Date.parse(e.target.value))} />
    </label>
  )
  return (
    <main className="review">
      <nav className="review-bar">
        <Button icon="chevronLeft" onPress={() => go(paths.situation)}>{t('review.back')}</Button>
        {moment(t('review.from'), from, (at) => show(at, until))}
        {moment(t('review.until'), until, (at) => show(from, at))}
        <Button look="primary" isDisabled={!review.data} onPress={() => window.print()} data-testid="review-print">{t('review.print')}</Button>
      </nav>
      {review.isPending ? <Loading text={t('app.loading')} /> : review.isError ? <Failure error={review.error} onRetry={() => void review.refetch()} /> : <Paper items={review.data} from={from} until={until} />}
    </main>
  )
}

function Paper({ items, from, until }: { items: readonly Reviewed[]; from: number; until: number }) {
  const { t, has, locale } = useText()
  const session = useSession()
  const tree = useAreas()
  const county = useQuery(catalogQuery).data?.county
  const marks = (useQuery(bookmarksQuery).data ?? []).filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < until).reverse()
  const [made] = useState(() => Date.now())
  const sum = summarize(items, from, until)
  const time = (ms: number | null) => (ms === null ? '–' : duration(ms, t))
  const figures = [
    ['fresh', sum.fresh], ['closed', sum.closed], ['left', sum.left], ['urgent', sum.urgent], ['dispatch', time(sum.dispatchMs)], ['arrive', time(sum.arriveMs)],
  ] as const
  const state = (name: string) => (has(`state.incident.${name}`) ? t(`state.incident.${name}`) : name)
  return (
    <article className="paper" data-testid="review">
      <header>
        <h1>{county?.name[locale]} {t('review.title')}</h1>
        <p>{stamp(from, locale)} – {stamp(until, locale)}</p>
        <p className="paper-made">{t('review.made', { by: session.user.name, at: stamp(made, locale) })}</p>
      </header>
      <h2>{t('review.figures')}</h2>
      <dl className="paper-figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`review.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {items.length === 0 ? (
        <Empty icon="list" title={t('review.none')} />
      ) : (
        <>
          <h2>{t('review.map')}</h2>
          {county && <Picture items={items} bbox={county.bbox as Bbox} />}
          {marks.length > 0 && (
            <>
              <h2>{t('review.marks')}</h2>
              <ul>{marks.map((mark) => <li key={mark.id}><time>{stamp(mark.at, locale)}</time> {mark.title}</li>)}</ul>
            </>
          )}
          <h2>{t('review.cases')}</h2>
          {items.length >= MOST && <p>{t('review.more', { n: MOST })}</p>}
          {items.map(({ incident, state_then, log, drawn }, i) => (
            <section key={incident.id} className="paper-case" data-testid="review-case">
              <h3>
                <span className="paper-number">{i + 1}</span>
                <SeveritySign level={asSeverity(incident.severity)} size="1.4em" />
                {incident.title}
                <small>{incident.number}</small>
              </h3>
              <p>{[tree.place(incident.area_path, locale), incident.address].filter(Boolean).join(' · ')} — {t('review.then')}: {state(state_then)}</p>
              <ol>
                {log.map((entry) => (
                  <li key={entry.id}>
                    <time>{stamp(entry.source_time, locale)}</time>
                    <b>{logText(entry, t, has)}</b>
                    <span>{entry.actor_name}</span>
                    {entry.reason && <q>{entry.reason}</q>}
                  </li>
                ))}
              </ol>
              {drawn.length > 0 && (
                <>
                  <p className="paper-drawn">{t('review.drawn')}</p>
                  <ol data-testid="review-drawn">
                    {actsTold(drawn).map((act) => (
                      <li key={act.id}>
                        <time>{stamp(act.at, locale)}</time>
                        <b>
                          {t(`marking.deed.${act.deed}`, { what: [t(`marking.kind.${act.kind}`), act.label].filter(Boolean).join(' · ') })}
                          {act.content && `${locale === 'zh' ? '，' : ', '}${t(`marking.standing.${act.content.standing}`)}`}
                          {act.undone && t('marking.undone')}
                        </b>
                        <span>{act.by}</span>
                      </li>
                    ))}
                  </ol>
                </>
              )}
            </section>
          ))}
        </>
      )}
    </article>
  )
}

function Picture({ items, bbox }: { items: readonly Reviewed[]; bbox: Bbox }) {
  const { t, locale } = useText()
  const box = useRef<HTMLDivElement>(null)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    try {
      return drawPicture(box.current!, items.map(({ incident }, i) => ({ at: incident.point as [number, number], text: String(i + 1), severity: incident.severity })), items.flatMap(({ drawn }) => drawnThen(drawn)), bbox, locale)
    } catch (error) {
      console.error('the picture was not drawn:', error)
      setFailed(true)
      return undefined
    }
  }, [items, bbox, locale])
  if (failed) return <Empty icon="area" title={t('map.failed')} />
  return (
    <>
      <div className="paper-map" ref={box} data-testid="review-map" />
      <p className="paper-map-key">{t('review.mapKey')}</p>
    </>
  )
}
