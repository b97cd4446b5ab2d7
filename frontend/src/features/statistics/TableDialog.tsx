import { useText } from '../../i18n'
import { csv, saveText } from '../../lib/csv'
import { count } from '../../lib/format'
import { stamp } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { type Graded, counted, hasBefore, type Measure, valueOf } from './grades'
import './table.css'

/** Everything that the map shows, as a table: for those who hear it, for a spreadsheet and for paper. */
export function TableDialog({ rows, measure, before, asOf, kind, about, nameOf, onClose }: { rows: readonly Graded[]; measure: Measure; before: ReadonlyMap<number, number> | null; asOf: string; kind: string; about: string; nameOf: (row: Graded) => string; onClose: () => void }) {
  const { t, locale } = useText()
  const compared = before !== null && hasBefore(measure)
  const heads = [kind, t('statistics.code'), ...counted.map((name) => t(`statistics.count.${name}`)), `${t('statistics.measure.on_time_rate')} %`, `${t('statistics.measure.closing_rate')} %`, t('statistics.km2'), t('statistics.inhabitants'), ...(compared ? [t('statistics.before')] : [])]
  const rate = (row: Graded, of: 'on_time_rate' | 'closing_rate') => {
    const value = valueOf(row.area, of, 'none')
    return value === null ? null : Number(value.toFixed(1))
  }
  const line = (row: Graded): (string | number | null)[] => [
    nameOf(row),
    row.area.code,
    ...counted.map((name) => row.area[name]),
    rate(row, 'on_time_rate'),
    rate(row, 'closing_rate'),
    Number(row.area.km2.toFixed(2)),
    row.area.inhabitants ?? null,
    ...(compared ? [before.get(row.area.id) ?? 0] : []),
  ]
  const save = () => {
    const day = asOf.slice(0, 10)
    saveText(`${t('statistics.file')}-${day}.csv`, csv([heads, ...rows.map(line)]), 'text/csv;charset=utf-8')
  }
  const shown = (value: string | number | null) => (value === null ? '–' : typeof value === 'number' ? (Number.isInteger(value) ? count(value, locale) : String(value)) : value)
  return (
    <Dialog title={t('statistics.table')} open onClose={onClose} wide testid="stat-table">
      <p className="stat-table-about">
        {about} · {t('statistics.asOf', { time: stamp(asOf, locale) })}
      </p>
      <div className="stat-table-do">
        <Button small onPress={save} data-testid="stat-csv">{t('statistics.csv')}</Button>
        <Button small onPress={() => print()} data-testid="stat-print">{t('statistics.print')}</Button>
      </div>
      <div className="stat-table-scroll" tabIndex={0} role="region" aria-label={t('statistics.table')}>
        <table className="stat-table">
          <thead>
            <tr>{heads.map((head, i) => <th key={head} scope="col" data-text={i < 2 || undefined}>{head}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const [name, ...cells] = line(row)
              return (
                <tr key={row.area.id}>
                  <th scope="row">{shown(name!)}</th>
                  {cells.map((cell, i) => <td key={i} data-text={i === 0 || undefined}>{i === 0 ? cell : shown(cell!)}</td>)}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <p className="stat-table-about">{t('statistics.tableNote')}</p>
    </Dialog>
  )
}
