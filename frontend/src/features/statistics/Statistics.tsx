import { useEffect, useMemo, useState } from 'react'
import '../../i18n/statistics'
import type { Catalog } from '../../api/types'
import { shortName } from '../../domain/areas'
import { nameIn } from '../../domain/names'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { count, listed } from '../../lib/format'
import { useStore } from '../../lib/store'
import { duration, moment } from '../../lib/time'
import { useLamp } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { Select } from '../../ui/Select'
import { Empty, Failure, Loading } from '../../ui/State'
import { Behind } from './Behind'
import { BehindSeen } from './BehindSeen'
import { Charts } from './Charts'
import { brush, choice, choose, drawings, isBrushed, readAddress, runs, splits, writeAddress } from './choice'
import { FlowList } from './FlowList'
import { type Flow, arrowsOf } from './flows'
import { type Graded, byNeed, changeOf, classings, counted, denominators, graded, groupings, hasBefore, inPercent, isRate, isShare, measures, valueOf, windows } from './grades'
import { Multiples } from './Multiples'
import { allParts, usePartNames } from './partNames'
import { useCoverage, useFigures, useFlows, useFollowing, useHeat, useOutlines, useParts } from './queries'
import { Ranking } from './Ranking'
import { StatMap } from './StatMap'
import './statistics.css'
import { TableDialog } from './TableDialog'

/** From these zooms on counts stand by village, and by duty grid: as many circles as a map bears. */
const VILLAGES_FROM = 10.6
const GRIDS_FROM = 12.4

/** 数据统计地图化: cases counted by area, on the map, in charts and in lists that are one selection; each number opens its cases. It follows the live copy. */
export default function Statistics({ catalog }: { catalog: Catalog }) {
  const { t, locale } = useText()
  const chosen = useStore(choice)
  const { by, measure, window, area, draw, split, brushed } = chosen
  const per = inPercent(measure) ? 'none' : chosen.per
  const [flow, setFlow] = useState<Flow | null>(null)
  const [table, setTable] = useState(false)
  const lamp = useLamp()
  useFollowing()
  useEffect(() => {
    readAddress()
    return () => writeAddress(null)
  }, [])
  useEffect(() => writeAddress(chosen), [chosen])
  useEffect(() => setFlow(null), [by, window, brushed, draw])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('.dialog-overlay, .popover')) return
      const now = choice.get()
      if (isBrushed(now.brushed)) choose({ brushed: {} })
      else if (now.area !== null) choose({ area: null })
      setFlow(null)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])

  const tree = useAreas()
  const partName = usePartNames()
  const figures = useFigures(chosen)
  const past = useFigures(chosen, true)
  const parts = useParts(chosen)
  const sight = useCoverage(by, isShare(measure) && by !== 'duty_grid')
  const heat = useHeat(chosen, draw === 'heat')
  const flows = useFlows(chosen, draw === 'flows')
  const outlines = useOutlines(by, by === 'duty_grid')

  const format = (value: number) => (inPercent(measure) ? `${Number(value.toFixed(1))}%` : per !== 'none' ? value.toFixed(value < 10 ? 2 : 1) : count(value, locale))
  const { rows, steps } = useMemo(() => {
    const seen = new Map(sight.data?.items.map((each) => [each.id, each]))
    const items = (figures.data?.items ?? []).map((each) => (seen.size > 0 ? { ...each, sight: seen.get(each.id) } : each))
    const { rows, steps } = graded(items, measure, per, format, chosen.classing)
    return { rows: rows.toSorted(byNeed(measure)), steps }
  }, [figures.data, sight.data, measure, per, chosen.classing, locale])
  const nameOf = (row: Graded, short = false) => {
    const town = by === 'town' ? undefined : tree.town(row.area.path)
    const own = short ? shortName(row.area as never, locale) : nameIn(row.area as never, locale)
    if (by === 'duty_grid') return short || !town ? row.area.name : `${shortName(town, locale)} · ${row.area.name}`
    return by === 'unit_grid' ? `${tree.name(row.area.path, locale)} ${row.area.name}` : short || !town ? own : `${shortName(town, locale)} · ${own}`
  }
  const as = draw === 'multiples' ? 'tint' : draw
  const shown = useMemo(() => {
    const grids = by === 'unit_grid' || by === 'duty_grid'
    const most = Math.max(...rows.map(({ value }) => value ?? 0), Number.MIN_VALUE)
    return rows.map((row) => {
      const text = row.value === null ? '' : `${row.sign && isRate(measure) ? `${row.sign} ` : ''}${format(row.value)}`
      const named = as === 'flows' ? nameOf(row, true) : as === 'counts' ? (row.value ? text : '') : grids || row.value === null ? '' : `${nameOf(row, true)}\n${text}`
      return { id: row.area.id, tint: row.tint, center: row.area.point as [number, number], text: as === 'flows' && grids ? '' : named, share: as === 'counts' ? Math.max(0, row.value ?? 0) / most : 0 }
    })
  }, [rows, tree, locale, as])
  const places = useMemo(() => new Map(rows.map(({ area: each }) => [each.id, each.point])), [rows])
  const names = useMemo(() => new Map(rows.map((row) => [row.area.id, nameOf(row, true)])), [rows, tree, locale])
  const arrows = useMemo(() => (draw === 'flows' ? arrowsOf(flows.data?.items ?? [], (id) => places.get(id)) : []), [flows.data, places, draw])
  const drawn = useMemo(() => arrows.map(({ line, width, flow: { tasks } }) => ({ line, width, text: String(tasks) })), [arrows])

  const selected = rows.find((row) => row.area.id === area) ?? null
  const sum = rows.reduce(
    (all, { area: each }) => {
      for (const name of counted) all[name] += each[name]
      return { ...all, km2: all.km2 + each.km2, inhabitants: all.inhabitants + (each.inhabitants ?? 0) }
    },
    { id: 0, code: '', path: '', name: '', km2: 0, inhabitants: 0, point: [], open: 0, overdue: 0, created: 0, closed: 0, on_time: 0, due: 0 },
  )
  const ground = rows.reduce((all, { area: each }) => all + each.km2 * (each.sight?.seen ?? 0), 0)
  const total = isShare(measure) ? (sight.data && sum.km2 > 0 ? (100 * ground) / sum.km2 : null) : valueOf(sum, measure, per)
  const before = useMemo(() => (past.data && hasBefore(measure) ? new Map(past.data.items.map((each) => [each.id, each[measure]])) : null), [past.data, measure])
  const change = hasBefore(measure) && before && figures.data ? changeOf(selected ? selected.area[measure] : sum[measure], selected ? (before.get(selected.area.id) ?? 0) : [...before.values()].reduce((a, b) => a + b, 0)) : null
  const none = t(isShare(measure) ? 'statistics.noneSeen' : isRate(measure) ? 'statistics.noneDue' : per === 'people' ? 'statistics.nonePeople' : 'statistics.none')
  const failed = isShare(measure) && sight.isError && !sight.data ? sight : figures.isError && !figures.data ? figures : null
  const pick = (id: number | null) => {
    setFlow(null)
    choose({ area: id === area ? null : id })
  }
  const options = <T extends string>(kind: string, list: readonly T[]) => list.map((id) => ({ id, text: t(`statistics.${kind}.${id}` as 'statistics.title') }))
  const zoomed = (zoom: number) => {
    const to = zoom >= GRIDS_FROM ? 'duty_grid' : zoom >= VILLAGES_FROM ? 'village' : 'town'
    const now = choice.get()
    if (now.draw === 'counts' && now.by !== to) choose({ by: to, area: null })
  }
  const about = [t(`statistics.by.${by}`), t(`statistics.measure.${measure}`), t(`statistics.window.${window}`), ...splits.flatMap((each) => (brushed[each]?.length ? [`${t(`statistics.split.${each}`)} ${listed(runs(brushed[each], allParts[each], (key) => partName(each, key, each !== 'hour')), locale)}`] : []))].join(' · ')
  const behindMeasure = isShare(measure) ? 'open' : measure
  const stale = figures.isError && figures.data
  return (
    <main className="statistics" aria-labelledby="statistics-title" data-testid="statistics" data-draw={draw}>
      <section className="statistics-side">
        <header className="statistics-head">
          <h2 id="statistics-title">{t('statistics.title')}</h2>
          {stale || lamp.state === 'offline' ? (
            <span className="statistics-stale" role="status">{t(stale ? 'statistics.stale' : 'statistics.offline', { age: figures.data ? duration(Date.now() - Date.parse(figures.data.as_of), t) : '' })}</span>
          ) : (
            figures.data && <span className="block-note">{t('statistics.asOf', { time: moment(Date.parse(figures.data.as_of), locale) })}</span>
          )}
          <Button small isDisabled={rows.length === 0} onPress={() => setTable(true)} data-testid="stat-open-table">{t('statistics.table')}</Button>
        </header>
        <div className="statistics-by" role="group" aria-label={t('statistics.by.title')}>
          {groupings.map((each) => (
            <button key={each} type="button" className="chip" aria-pressed={by === each} onClick={() => choose({ by: each, area: null })} data-testid={`stat-by-${each}`}>
              {t(`statistics.by.${each}`)}
            </button>
          ))}
        </div>
        <div className="statistics-by" role="group" aria-label={t('statistics.draw.title')}>
          {drawings.map((each) => (
            <button key={each} type="button" className="chip" aria-pressed={draw === each} onClick={() => choose({ draw: each })} data-testid={`stat-draw-${each}`}>
              {t(`statistics.draw.${each}`)}
            </button>
          ))}
        </div>
        <div className="statistics-choice">
          <Select label={t('statistics.measure.title')} value={measure} choices={options('measure', measures.filter((each) => by !== 'duty_grid' || !isShare(each)))} onChange={(id) => choose({ measure: id as typeof measure })} testid="stat-measure" />
          <Select label={t('statistics.window.title')} value={window} choices={options('window', windows)} onChange={(id) => choose({ window: id as typeof window })} testid="stat-window" />
          {!inPercent(measure) && draw !== 'flows' && <Select label={t('statistics.per.title')} value={chosen.per} choices={options('per', denominators)} onChange={(id) => choose({ per: id as typeof per })} testid="stat-per" />}
          {draw === 'multiples' ? (
            <Select label={t('statistics.draw.multiples')} value={split} choices={options('split', splits)} onChange={(id) => choose({ split: id as typeof split })} testid="stat-split" />
          ) : (
            !isRate(measure) && as === 'tint' && <Select label={t('statistics.classing.title')} value={chosen.classing} choices={options('classing', classings)} onChange={(id) => choose({ classing: id as typeof chosen.classing })} testid="stat-classing" />
          )}
        </div>
        <p className="statistics-about">{about}</p>
        <p className="statistics-formula">
          {draw === 'flows' ? t('statistics.formulaFlows') : t(`statistics.formula.${measure}`)}
          {draw !== 'flows' && (measure === 'open' || measure === 'overdue' || isShare(measure)) && ` · ${t('statistics.now')}`}
          {draw !== 'flows' && isShare(measure) && sight.data && sight.data.unknown > 0 && ` · ${t('statistics.unknownView', { n: sight.data.unknown })}`}
          {draw !== 'flows' && per === 'people' && rows.length > 0 && sum.inhabitants === 0 && ` · ${t('statistics.noPeople')}`}
        </p>
        {figures.data && rows.length > 0 && (
          <p className="statistics-total" data-testid="stat-total">
            <b>{draw === 'flows' ? t('statistics.flows') : t(`statistics.measure.${measure}`)}</b> {draw === 'flows' ? t('statistics.total', { value: flows.data ? count(flows.data.items.reduce((all, { tasks }) => all + tasks, 0), locale) : '–' }) : selected ? `${nameOf(selected, true)} ${selected.value === null ? '–' : format(selected.value)}` : t('statistics.total', { value: total === null ? '–' : format(total) })}
            {change && draw !== 'flows' && (
              <span className="statistics-change" data-testid="stat-change">
                {t('statistics.change', { by: `${change.by > 0 ? '+' : ''}${count(change.by, locale)}`, percent: change.percent === null ? t('statistics.few') : `${change.percent > 0 ? '+' : ''}${Number(change.percent.toFixed(1))}%` })}
              </span>
            )}
          </p>
        )}
        {isBrushed(brushed) && (
          <div className="statistics-by" role="group" aria-label={t('statistics.brushed')}>
            {splits.flatMap((each) =>
              brushed[each]?.length
                ? [
                    <button key={each} type="button" className="chip stat-brushed" onClick={() => choose({ brushed: brush(brushed, each, brushed[each]!) })} data-testid={`stat-brushed-${each}`}>
                      <span className="truncate">{t(`statistics.split.${each}`)} {listed(runs(brushed[each], allParts[each], (key) => partName(each, key)), locale)}</span> ×
                    </button>,
                  ]
                : [],
            )}
            <button type="button" className="chip" onClick={() => choose({ brushed: {} })} data-testid="stat-clear">{t('statistics.clear')}</button>
          </div>
        )}
        {failed ? (
          <Failure error={failed.error} onRetry={() => void failed.refetch()} />
        ) : draw === 'flows' ? (
          flows.isError && !flows.data ? <Failure error={flows.error} onRetry={() => void flows.refetch()} /> : !flows.data ? <Loading text={t('app.loading')} /> : <FlowList flows={flows.data.items} selected={flow} nameOf={(id) => names.get(id) ?? '–'} onPick={(each) => setFlow(each === flow ? null : each)} />
        ) : !figures.data || (isShare(measure) && !sight.data) ? (
          <Loading text={t('app.loading')} />
        ) : rows.length === 0 ? (
          <Empty icon="area" title={t('statistics.empty')} />
        ) : (
          <Ranking rows={rows} measure={measure} selected={area} nameOf={nameOf} format={format} none={none} onPick={pick} />
        )}
      </section>
      {draw === 'multiples' ? (
        <section className="statistics-map" aria-label={t('statistics.draw.multiples')}>
          <Multiples choice={{ ...chosen, per }} areas={figures.data?.items ?? []} format={format} none={none} onPart={(key) => choose({ brushed: brush(brushed, split, [key]) })} onPick={pick} />
        </section>
      ) : (
        <StatMap
          catalog={catalog}
          by={by}
          as={as}
          areas={shown}
          steps={steps}
          outlines={outlines.data ?? null}
          heat={draw === 'heat' ? (heat.data?.items ?? null) : null}
          arrows={drawn}
          arrow={arrows.findIndex((each) => each.flow === flow)}
          selected={area}
          none={none}
          sight={as === 'tint' && isShare(measure)}
          onPick={pick}
          onArrow={(index) => setFlow(arrows[index]?.flow ?? null)}
          onZoom={zoomed}
        />
      )}
      <section className="statistics-cases" aria-label={t('statistics.list')}>
        {parts.isError && !parts.data ? (
          <Failure error={parts.error} onRetry={() => void parts.refetch()} />
        ) : parts.data ? (
          <Charts parts={parts.data.items} measure={measure} brushed={brushed} format={inPercent(measure) && !isShare(measure) ? (value) => `${Number(value.toFixed(1))}%` : (value) => count(value, locale)} onBrush={(each, keys) => choose({ brushed: brush(brushed, each, keys) })} />
        ) : (
          <Loading text={t('app.loading')} />
        )}
        {flow ? (
          <Behind choice={chosen} opened={{ from: flow.from, to: flow.to, count: flow.cases }} title={t('statistics.flow', { from: flow.from === 0 ? t('statistics.flowUnknown') : (names.get(flow.from) ?? '–'), to: names.get(flow.to) ?? '–' })} />
        ) : selected && isShare(measure) ? (
          <BehindSeen key={`${by}/${selected.area.id}`} row={selected} name={nameOf(selected)} />
        ) : figures.data && rows.length > 0 ? (
          <Behind
            choice={chosen}
            opened={{ area: selected?.area.id ?? 0, measure: behindMeasure, count: (selected?.area ?? sum)[isRate(behindMeasure) ? 'due' : behindMeasure] }}
            title={t('statistics.cases', { area: selected ? nameOf(selected) : t('statistics.all'), measure: isRate(measure) ? t('statistics.due') : t(`statistics.measure.${behindMeasure}`) })}
            queue={selected && (by === 'town' || by === 'village') && selected.area.open > 0 ? { path: selected.area.path, id: selected.area.id } : undefined}
          />
        ) : null}
      </section>
      {table && figures.data && <TableDialog rows={rows} measure={measure} before={before} asOf={figures.data.as_of} kind={t(`statistics.by.${by}`)} about={about} nameOf={(row) => nameOf(row)} onClose={() => setTable(false)} />}
    </main>
  )
}
