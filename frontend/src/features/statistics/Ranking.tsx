import { useEffect, useRef } from 'react'
import { useText } from '../../i18n'
import type { Graded, Measure } from './grades'
import { isRate } from './grades'

/** More than this nobody reads: unit grids are thousands. */
const SHOWN = 200

/** The areas as bars, what asks for most first. The tint and the sign are those of the map. */
export function Ranking({ rows, measure, selected, nameOf, format, none, onPick }: { rows: readonly Graded[]; measure: Measure; selected: number | null; nameOf: (row: Graded) => string; format: (value: number) => string; none: string; onPick: (id: number) => void }) {
  const { t } = useText()
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    void list.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest' }) // newer browsers promise something
  }, [selected])
  const most = isRate(measure) ? 100 : Math.max(...rows.map(({ value }) => value ?? 0), Number.MIN_VALUE)
  const place = rows.findIndex((row) => row.area.id === selected)
  const shown = place < SHOWN ? rows.slice(0, SHOWN) : [...rows.slice(0, SHOWN - 1), rows[place]!]
  return (
    <ol className="ranking" aria-label={t('statistics.list')} ref={list} data-testid="stat-ranking">
      {shown.map((row) => (
        <li key={row.area.id}>
          <button type="button" className="ranked" aria-pressed={row.area.id === selected} onClick={() => onPick(row.area.id)} data-testid={`stat-row-${row.area.code}`}>
            <span className="ranked-sign" data-tint={row.tint} aria-hidden="true">{row.sign}</span>
            <span className="ranked-name truncate" title={row.area.code}>{nameOf(row)}</span>
            <span className="ranked-value">{row.value === null ? none : format(row.value)}</span>
            <span className="ranked-bar" aria-hidden="true">
              {(row.value ?? 0) > 0 && <span data-tint={row.tint} style={{ inlineSize: `${(row.value! / most) * 100}%` }} />}
            </span>
          </button>
        </li>
      ))}
    </ol>
  )
}
