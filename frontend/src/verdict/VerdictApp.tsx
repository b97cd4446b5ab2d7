import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { api, take } from '../api/client'
import type { components } from '../api/schema.gen'
import { go, paths } from '../app/router'
import { may, useSession } from '../app/session'
import { otherLocale, otherTheme } from '../app/settings'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import '../i18n/verdict'
import { count, percent, squareMetres } from '../lib/format'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Empty, Failure, Loading } from '../ui/State'
import { Case } from './Case'
import './verdict.css'

export type Candidate = components['schemas']['DetectionCandidate']
const states = ['detected', 'issued', 'on_site', 'confirmed', 'rectified', 'dismissed', 'cleared'] as const
type State = (typeof states)[number]

/** The review queue: what comparisons and detectors propose, the first ones to be looked at first, and what people say of it. */
export default function VerdictApp() {
  const { t, locale } = useText()
  const session = useSession()
  const client = useQueryClient()
  const areas = useAreas()
  const [state, setState] = useState<State | 'open'>('detected')
  const [at, setAt] = useState<number | null>(null)
  const [marked, setMarked] = useState<number[]>([])
  const list = useRef<HTMLUListElement>(null)
  const found = useQuery({
    queryKey: ['detections', state],
    queryFn: async () => (await take(api.GET('/api/detections', { params: { query: state === 'open' ? {} : { state } } }))).items,
    staleTime: 0,
    refetchInterval: 30_000,
  })
  const items = useMemo(() => found.data ?? [], [found.data])
  const index = Math.max(0, items.findIndex((each) => each.id === at))
  const current = items[index]
  const again = () => void client.invalidateQueries({ queryKey: ['detections'] })
  const merge = useMutation({
    mutationFn: (of: Candidate) => take(api.POST('/api/detections/{id}/merge', { params: { path: { id: of.id } }, body: { others: marked.filter((id) => id !== of.id), revision: of.revision } })),
    onSuccess: () => {
      setMarked([])
      notify('done', t('verdict.done'))
      again()
    },
  })
  const step = (by: number) => {
    const next = items[Math.min(items.length - 1, Math.max(0, index + by))]
    if (next) setAt(next.id)
  }
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [current?.id])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('[role=dialog],[role=listbox]')) return
      if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1)
      else if (event.key === 'x' && current) setMarked((old) => (old.includes(current.id) ? old.filter((id) => id !== current.id) : [...old, current.id]))
      else if (event.key === 'm' && current && marked.some((id) => id !== current.id)) merge.mutate(current)
      else if (event.key === 't') otherTheme()
      else if (event.key === 'e') otherLocale()
      else return
      event.preventDefault()
    }
    globalThis.addEventListener('keydown', press)
    return () => globalThis.removeEventListener('keydown', press)
  })
  if (!may(session, 'read')) {
    return (
      <main className="verdicts">
        <Empty icon="house" title={t('verdict.notAllowed')} />
      </main>
    )
  }
  const reviews = may(session, 'detection.review')
  return (
    <main className="verdicts" data-testid="verdicts">
      <nav className="verdict-bar">
        <Button icon="chevronLeft" onPress={() => go(paths.situation, null)}>
          {t('verdict.back')}
        </Button>
        <h1>{t('verdict.title')}</h1>
        <Precision />
        <span className="verdict-keys">{reviews && t('verdict.keys')}</span>
        {reviews && (
          <a className="button button-quiet" href="/api/detections/training" download>
            {t('verdict.training')}
          </a>
        )}
      </nav>
      <section className="verdict-list" aria-label={t('verdict.queue')}>
        <div className="verdict-head">
          <Select
            label={t('verdict.filter')}
            hideLabel
            testid="verdict-state"
            value={state}
            onChange={(id) => {
              setState(id as State | 'open')
              setAt(null)
              setMarked([])
            }}
            choices={[{ id: 'open', text: t('verdict.open') }, ...states.map((id) => ({ id, text: t(`state.detection.${id}`) }))]}
          />
          {found.data && <span>{t('verdict.count', { n: count(items.length, locale) })}</span>}
          {marked.some((id) => id !== current?.id) && reviews && current && (
            <Button small isDisabled={merge.isPending} onPress={() => merge.mutate(current)} data-testid="verdict-merge">
              {t('verdict.merge')}
            </Button>
          )}
        </div>
        {merge.error && <Failure compact error={merge.error} />}
        {found.isPending ? (
          <Loading text={t('app.loading')} />
        ) : found.isError && !found.data ? (
          <Failure error={found.error} onRetry={() => void found.refetch()} />
        ) : items.length === 0 ? (
          <Empty icon="check" title={t('verdict.none')} detail={t('verdict.noneDetail')} />
        ) : (
          <ul ref={list}>
            {items.map((each) => (
              <li key={each.id} className={each.kind === 'look' ? 'verdict-look' : undefined} aria-current={each.id === current?.id || undefined}>
                <button type="button" className="verdict-row" onClick={() => setAt(each.id)} data-testid={`candidate-${each.id}`}>
                  <span className="verdict-number">
                    {marked.includes(each.id) && <Icon name="check" size="1em" />}
                    {each.number}
                  </span>
                  <span className="verdict-kind">{t(`verdict.kind.${each.kind}`)}</span>
                  <span className="verdict-size">
                    {each.height_m !== null && `${each.height_m.toFixed(1)} ${t('unitOf.m')} · `}
                    {squareMetres(each.area_m2, locale, t)}
                  </span>
                  <span className="verdict-place truncate">{areas.place(each.area_path, locale) || each.area_path}</span>
                  <span className="verdict-signs">
                    {each.grounds.some((g) => g.what === 'zone') && (
                      <b>
                        <Icon name="flag" size="1em" />
                        {t(`verdict.zone.${each.grounds.find((g) => g.what === 'zone')!.kind ?? 'other'}`)}
                      </b>
                    )}
                    {(each.before?.withdrawn || each.after?.withdrawn) && <b>{t('verdict.withdrawn')}</b>}
                    {each.waiting && <Icon name="people" size="1em" />}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
      {current && (
        <Case
          key={current.id}
          id={current.id}
          reviews={reviews}
          marked={marked.includes(current.id)}
          onMark={() => setMarked((old) => (old.includes(current.id) ? old.filter((id) => id !== current.id) : [...old, current.id]))}
          onDone={() => {
            step(items[index + 1] ? 1 : -1)
            again()
          }}
        />
      )}
    </main>
  )
}

/** How often each detector was right here, by the verdicts so far. */
function Precision() {
  const { t } = useText()
  const found = useQuery({ queryKey: ['detections', 'precision'], queryFn: async () => (await take(api.GET('/api/detections/precision'))).items, staleTime: 10_000 })
  const by = new Map<string, { confirmed: number; dismissed: number; open: number }>()
  for (const each of found.data ?? []) {
    const name = `${each.detector} ${each.version}`.trim()
    const sum = by.get(name) ?? { confirmed: 0, dismissed: 0, open: 0 }
    by.set(name, { confirmed: sum.confirmed + each.confirmed, dismissed: sum.dismissed + each.dismissed, open: sum.open + each.open })
  }
  return (
    <dl className="verdict-precision" aria-label={t('verdict.precision')}>
      {[...by].slice(0, 3).map(([name, p]) => {
        const all = p.confirmed + p.dismissed
        return (
          <div key={name} title={t('verdict.precision')}>
            <dt>{name}</dt>
            <dd>{all === 0 ? t('verdict.precisionNone') : `${percent(p.confirmed / all)} · ${t('verdict.precisionOf', { right: p.confirmed, all, open: p.open })}`}</dd>
          </div>
        )
      })}
    </dl>
  )
}
