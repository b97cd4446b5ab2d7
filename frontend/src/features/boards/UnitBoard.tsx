import { memo, useMemo } from 'react'
import { select, usePlace } from '../../app/router'
import { sameSelection, theMap } from '../../app/workbench'
import { nameIn } from '../../domain/names'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { age } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import './boards.css'

/** Units at work first, those on the way before all: who is where with what. */
const order = ['responding', 'dispatched', 'acknowledged', 'on_scene', 'available', 'off_duty']

export const UnitBoard = memo(function UnitBoard() {
  const { t, locale } = useText()
  const units = useLayer('unit')
  const tasks = useLayer('task')
  const incidents = useLayer('incident')
  const { selection } = usePlace()
  const rows = useMemo(() => {
    const works = new Map<unknown, string>()
    tasks.each('unit_id', (task, unit) => {
      works.set(unit, String(incidents.value(Number(tasks.value(task, 'incident_id')), 'title') ?? ''))
    })
    return Array.from(units.rows(), (row) => ({
      id: row.id,
      name: nameIn({ name: String(row.name), name_en: row.name_en as string | null }, locale),
      status: String(row.status),
      since: Date.parse(String(row.status_since)),
      work: works.get(row.id) ?? '',
    })).sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || b.since - a.since || a.id - b.id)
  }, [units, units.version, tasks, tasks.version, incidents, incidents.version, locale])
  const now = useNow(10)
  const onDuty = rows.filter((row) => row.status !== 'off_duty').length
  return (
    <section className="block board" aria-labelledby="units-title" data-testid="unit-board">
      <header className="block-head list-rule">
        <h2 className="block-title" id="units-title">
          {t('units.title')}
        </h2>
        <span className="block-note">{t('units.onDuty', { n: onDuty, total: rows.length })}</span>
      </header>
      <ul className="board-rows">
        {rows.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              className="board-row"
              data-thing={`unit/${row.id}`}
              aria-current={selection?.layer === 'unit' && selection.id === row.id ? 'true' : undefined}
              onClick={() => {
                const unit = { layer: 'unit', id: row.id }
                if (sameSelection(selection, unit)) void theMap.get()?.flyToFeature(unit)
                else select(unit)
              }}
            >
              <i className={`unit-dot unit-${row.status}`} aria-hidden="true" />
              <span className="board-name truncate">{row.name}</span>
              <span className="board-work truncate">{row.work}</span>
              <span className="board-state">{t(`state.unit.${row.status}`)}</span>
              <span className="board-age">{row.status === 'off_duty' ? '' : age(Math.max(0, now - row.since), t)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
})
