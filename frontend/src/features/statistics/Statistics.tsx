import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import '../../i18n/statistics'
import { api, take } from '../../api/client'
import type { Catalog } from '../../api/types'
import { areaName, shortName } from '../../domain/areas'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { createStore, useStore } from '../../lib/store'
import { moment } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import { Select } from '../../ui/Select'
import { Empty, Failure, Loading } from '../../ui/State'
import { Behind } from './Behind'
import { BehindSeen } from './BehindSeen'
import { type Graded, type Grouping, type Measure, type Window, byNeed, graded, groupings, inPercent, isRate, isShare, measures, spanOf, valueOf, windows } from './grades'
import { Ranking } from './Ranking'
import { StatMap } from './StatMap'
import './statistics.css'

export interface Choice {
  by: Grouping
  measure: Measure
  window: Window
  perKm2: boolean
  /** Id of the area whose cases are shown. */
  area: number | null
}

/** What is looked at; who comes back from a case finds it as it was. */
const choice = createStore<Choice>({ by: 'town', measure: 'open', window: 'days7', perKm2: false, area: null })
const choose = (what: Partial<Choice>) => choice.set((now) => ({ ...now, ...what }))

/** A storm of changes asks once in so long. */
const ASK_MS = 1500
const key = ['statistics-areas']

/** 数据统计地图化: cases counted by area, on the map and in a list that are one; each number opens its cases. It follows the live copy. */
export default function Statistics({ catalog }: { catalog: Catalog }) {
  const { t, locale } = useText()
  const chosen = useStore(choice)
  const { by, measure, window, area } = chosen
  const perKm2 = chosen.perKm2 && !inPercent(measure)
  const tree = useAreas()
  const figures = useFigures(by, window)
  const sight = useCoverage(by, isShare(measure))
  const format = (value: number) => (inPercent(measure) ? `${Number(value.toFixed(1))}%` : perKm2 ? value.toFixed(value < 10 ? 2 : 1) : count(value, locale))
  const { rows, steps } = useMemo(() => {
    const seen = new Map(sight.data?.items.map((each) => [each.id, each]))
    const items = (figures.data?.items ?? []).map((each) => (seen.size > 0 ? { ...each, sight: seen.get(each.id) } : each))
    const { rows, steps } = graded(items, measure, perKm2, format)
    return { rows: rows.toSorted(byNeed(measure)), steps }
  }, [figures.data, sight.data, measure, perKm2, locale])
  const nameOf = (row: Graded, short = false) => {
    const town = by === 'town' ? undefined : tree.town(row.area.path)
    const own = short ? shortName(row.area as never, locale) : areaName(row.area as never, locale)
    return by === 'unit_grid' ? `${tree.name(row.area.path, locale)} ${row.area.name}` : short || !town ? own : `${shortName(town, locale)} · ${own}`
  }
  const shown = useMemo(() => {
    return rows.map((row) => ({ id: row.area.id, tint: row.tint, center: row.area.point as [number, number], text: by === 'unit_grid' || row.value === null ? '' : `${nameOf(row, true)}\n${row.sign && isRate(measure) ? `${row.sign} ` : ''}${format(row.value)}` }))
  }, [rows, tree, locale])
  const selected = rows.find((row) => row.area.id === area) ?? null
  const sum = rows.reduce(
    (all, { area: each }) => ({ ...all, km2: all.km2 + each.km2, open: all.open + each.open, overdue: all.overdue + each.overdue, created: all.created + each.created, closed: all.closed + each.closed, on_time: all.on_time + each.on_time, due: all.due + each.due }),
    { id: 0, code: '', path: '', name: '', km2: 0, point: [], open: 0, overdue: 0, created: 0, closed: 0, on_time: 0, due: 0 },
  )
  const ground = rows.reduce((all, { area: each }) => all + each.km2 * (each.sight?.seen ?? 0), 0)
  const total = isShare(measure) ? (sight.data && sum.km2 > 0 ? (100 * ground) / sum.km2 : null) : valueOf(sum, measure, perKm2)
  const none = t(isShare(measure) ? 'statistics.noneSeen' : isRate(measure) ? 'statistics.noneDue' : 'statistics.none')
  const failed = isShare(measure) && sight.isError && !sight.data ? sight : figures.isError && !figures.data ? figures : null
  const pick = (id: number | null) => choose({ area: id === area ? null : id })
  const options = <T extends string>(kind: string, list: readonly T[]) => list.map((id) => ({ id, text: t(`statistics.${kind}.${id}`) }))
  return (
    <main className="statistics" aria-labelledby="statistics-title" data-testid="statistics">
      <section className="statistics-side">
        <header className="statistics-head">
          <h2 id="statistics-title">{t('statistics.title')}</h2>
          {figures.isError && figures.data ? (
            <span className="statistics-stale" role="status">{t('statistics.stale')}</span>
          ) : (
            figures.data && <span className="block-note">{t('statistics.asOf', { time: moment(Date.parse(figures.data.as_of), locale) })}</span>
          )}
        </header>
        <div className="statistics-by" role="group" aria-label={t('statistics.by.title')}>
          {groupings.map((each) => (
            <button key={each} type="button" className="chip" aria-pressed={by === each} onClick={() => choose({ by: each, area: null })} data-testid={`stat-by-${each}`}>
              {t(`statistics.by.${each}`)}
            </button>
          ))}
          <button type="button" className="chip" aria-pressed={perKm2} disabled={inPercent(measure)} onClick={() => choose({ perKm2: !chosen.perKm2 })} data-testid="stat-per-km2">
            {t('statistics.perKm2')}
          </button>
        </div>
        <div className="statistics-choice">
          <Select label={t('statistics.measure.title')} value={measure} choices={options('measure', measures)} onChange={(id) => choose({ measure: id as Measure })} testid="stat-measure" />
          <Select label={t('statistics.window.title')} value={window} choices={options('window', windows)} onChange={(id) => choose({ window: id as Window })} testid="stat-window" />
        </div>
        <p className="statistics-formula">
          {t(`statistics.formula.${measure}`)}
          {(measure === 'open' || measure === 'overdue' || isShare(measure)) && ` · ${t('statistics.now')}`}
          {isShare(measure) && sight.data && sight.data.unknown > 0 && ` · ${t('statistics.unknownView', { n: sight.data.unknown })}`}
        </p>
        {figures.data && rows.length > 0 && (
          <p className="statistics-total" data-testid="stat-total">
            <b>{t(`statistics.measure.${measure}`)}</b> {t('statistics.total', { value: total === null ? '–' : format(total) })}
          </p>
        )}
        {failed ? (
          <Failure error={failed.error} onRetry={() => void failed.refetch()} />
        ) : !figures.data || (isShare(measure) && !sight.data) ? (
          <Loading text={t('app.loading')} />
        ) : rows.length === 0 ? (
          <Empty icon="area" title={t('statistics.empty')} />
        ) : (
          <Ranking rows={rows} measure={measure} selected={area} nameOf={nameOf} format={format} none={none} onPick={pick} />
        )}
      </section>
      <StatMap sight={isShare(measure)} catalog={catalog} by={by} areas={shown} steps={steps} selected={area} none={none} onPick={pick} />
      <section className="statistics-cases" aria-label={t('statistics.list')}>
        {selected && isShare(measure) ? <BehindSeen key={`${by}/${selected.area.id}`} row={selected} name={nameOf(selected)} /> : selected ? <Behind key={`${by}/${selected.area.id}`} choice={chosen} row={selected} name={nameOf(selected)} /> : <Empty icon="list" title={t('statistics.pick')} />}
      </section>
    </main>
  )
}

/** What cameras see, asked for where it is looked at: the server computes it. */
const useCoverage = (by: Grouping, enabled: boolean) =>
  useQuery({ queryKey: ['coverage', by], queryFn: () => take(api.GET('/api/cameras/coverage', { params: { query: { by } } })), enabled, refetchInterval: 60_000 })

/** The figures, asked again when the copy says that cases have changed. */
function useFigures(by: Grouping, window: Window) {
  const client = useQueryClient()
  const { version } = useLayer('incident')
  const first = useRef(true)
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    const timer = setTimeout(() => void client.invalidateQueries({ queryKey: key }), ASK_MS)
    return () => clearTimeout(timer)
  }, [client, version])
  return useQuery({
    queryKey: [...key, by, window],
    queryFn: () => take(api.GET('/api/statistics/areas', { params: { query: { by, ...spanOf(window, Date.now()) } } })),
    refetchInterval: 60_000,
    placeholderData: (before, query) => (query?.queryKey[1] === by ? before : undefined),
  })
}
