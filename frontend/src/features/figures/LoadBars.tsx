import { useMemo, useState } from 'react'
import { theMap } from '../../app/workbench'
import { select } from '../../app/router'
import { shortName } from '../../domain/areas'
import { loads } from '../../domain/figures'
import { useAreas } from '../../domain/useAreas'
import { useIncidents } from '../../domain/useIncidents'
import { useText } from '../../i18n'

/** Open cases by town or village: the longest bar is where most is open. Pressing one shows the place. */
export function LoadBars() {
  const { t, locale } = useText()
  const incidents = useIncidents()
  const areas = useAreas()
  const [level, setLevel] = useState<'town' | 'village'>('town')
  const rows = useMemo(() => loads(incidents, areas, level).slice(0, 8), [incidents, areas, level])
  const most = rows[0]?.open ?? 1
  return (
    <section className="figure-block figure-loads" data-testid="loads">
      <div className="loads-head">
        <h2 className="figure-label">{t('kpi.load')}</h2>
        <div className="loads-levels" role="group" aria-label={t('kpi.load')}>
          {(['town', 'village'] as const).map((each) => (
            <button key={each} type="button" className="loads-level" aria-pressed={level === each} onClick={() => setLevel(each)}>
              {t(each === 'town' ? 'kpi.loadTown' : 'kpi.loadVillage')}
            </button>
          ))}
        </div>
      </div>
      {rows.length === 0 && <p className="figure-sub">{t('kpi.loadEmpty')}</p>}
      <ul>
        {rows.map((row) => {
          const area = areas.get(row.path)!
          return (
            <li key={row.path}>
              <button
                type="button"
                className="load"
                onClick={() => {
                  select({ layer: 'area', id: area.id })
                  theMap.get()?.flyTo(area.bbox as [number, number, number, number])
                }}
              >
                <span className="load-name truncate">{shortName(area, locale)}</span>
                <svg className="load-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="load-rest" width="100" height="8" />
                  <rect className="load-open" width={(100 * row.open) / most} height="8" />
                  {row.urgent > 0 && <rect className="load-urgent" width={(100 * row.urgent) / most} height="8" />}
                </svg>
                <span className="load-count">{row.open}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
