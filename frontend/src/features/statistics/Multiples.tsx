import { useMemo } from 'react'
import type { components } from '../../api/schema.gen'
import { useText } from '../../i18n'
import { Empty, Failure, Loading } from '../../ui/State'
import type { Choice } from './choice'
import { type AreaFigures, type Counts, type Graded, type Step, counted, graded, isRate, isShare, numberOf } from './grades'
import { Key } from './Key'
import { allParts, usePartNames } from './partNames'
import { useMultiples, useOutlines } from './queries'
import { drawShapes } from './shapes'
import './charts.css'

type Multiple = components['schemas']['Multiple']
const nothing: Counts = { open: 0, overdue: 0, created: 0, closed: 0, on_time: 0, due: 0 }

/** More shapes than these on each of two dozen maps are neither legible nor quick. */
const MOST_SHAPES = 1200

/** The same measure as small maps of one common scale. A map's name narrows to its part; an area of it is picked. */
export function Multiples({ choice, areas, format, none, onPart, onPick }: { choice: Choice; areas: readonly AreaFigures[]; format: (value: number) => string; none: string; onPart: (key: string) => void; onPick: (id: number) => void }) {
  const { t } = useText()
  const nameOf = usePartNames()
  const { split, by, measure, per, classing } = choice
  const usable = by !== 'unit_grid' && !isShare(measure) && areas.length <= MOST_SHAPES
  const multiples = useMultiples(choice, usable)
  const outlines = useOutlines(by, usable)
  const shapes = useMemo(() => (outlines.data ? drawShapes(outlines.data) : null), [outlines.data])
  const { maps, steps } = useMemo(() => scaled(multiples.data?.items ?? [], areas, choice, allParts[split], format), [multiples.data, areas, measure, per, classing, split])
  if (!usable) return <Empty icon="area" title={t('statistics.tooFine')} />
  const failed = multiples.isError && !multiples.data ? multiples : outlines.isError && !outlines.data ? outlines : null
  if (failed) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />
  if (!multiples.data || !shapes) return <Loading text={t('app.loading')} />
  if (maps.length === 0) return <Empty icon="area" title={t('statistics.noCases')} />
  const brushed = choice.brushed[split] ?? []
  return (
    <div className="stat-multiples" data-testid="stat-multiples">
      <ul className="stat-small-maps" data-many={maps.length > 12 || undefined}>
        {maps.map(({ key, rows, total }) => (
          <li key={key} data-out={(brushed.length > 0 && !brushed.includes(key)) || undefined}>
            <button type="button" className="stat-small-name" aria-pressed={brushed.includes(key)} onClick={() => onPart(key)} data-testid={`stat-map-${key}`}>
              <span className="truncate">{nameOf(split, key, true)}</span>
              <b>{total === null ? '–' : format(total)}</b>
            </button>
            <svg viewBox={shapes.viewBox} role="img" aria-label={`${nameOf(split, key, true)} · ${total === null ? '–' : format(total)}`}>
              {rows.map((row) => (
                <path key={row.area.id} d={shapes.paths.get(row.area.id)} data-tint={row.tint} data-picked={row.area.id === choice.area || undefined} onClick={() => onPick(row.area.id)}>
                  <title>{`${row.area.name} · ${row.value === null ? none : format(row.value)}`}</title>
                </path>
              ))}
            </svg>
          </li>
        ))}
      </ul>
      <Key steps={steps} none={none} title={t(isRate(measure) ? 'statistics.commonScale' : 'statistics.ownScale')} flat />
    </div>
  )
}

interface SmallMap {
  key: string
  rows: Graded[]
  total: number | null
}

/** Classes are made of all maps together, so that a tint means the same on each. */
function scaled(items: readonly Multiple[], areas: readonly AreaFigures[], { measure, per, classing }: Choice, known: readonly string[] | undefined, format: (value: number) => string): { maps: SmallMap[]; steps: Step[] } {
  if (isShare(measure)) return { maps: [], steps: [] }
  const keys = known ?? [...new Set(items.map(({ key }) => key))].toSorted()
  const byKey = new Map(keys.map((key) => [key, new Map<number, Multiple>()]))
  for (const item of items) byKey.get(item.key)?.set(item.id, item)
  const all = keys.flatMap((key) => areas.map((area) => ({ ...area, ...nothing, ...countsOf(byKey.get(key)!.get(area.id)) })))
  const { rows, steps } = graded(all, measure, per, format, classing)
  const maps = keys.map((key, i) => {
    const own = rows.slice(i * areas.length, (i + 1) * areas.length)
    const sum = { ...nothing }
    for (const { area } of own) for (const name of counted) sum[name] += area[name]
    return { key, rows: own, total: numberOf(sum, measure) }
  })
  return { maps, steps }
}

const countsOf = (item: Multiple | undefined): Counts | undefined => item && { open: item.open, overdue: item.overdue, created: item.created, closed: item.closed, on_time: item.on_time, due: item.due }
