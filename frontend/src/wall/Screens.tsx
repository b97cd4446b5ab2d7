import { useText } from '../i18n'
import { Icon } from '../ui/icons'
import { sliceOf } from './slice'
import type { Wall } from './socket'

const LOST_MS = 15_000
const SLOW_MS = 2000

/** How each screen of a wall does, laid out as they hang. */
export function Screens({ wall, now, version }: { wall: Wall; now: number; version: string }) {
  const { t } = useText()
  const { rows, columns } = wall.layout
  const { whole } = sliceOf(wall.layout, 1, 1)!
  const cells = Array.from({ length: rows * columns }, (_, i) => ({ row: Math.floor(i / columns) + 1, column: (i % columns) + 1 }))
  return (
    <section className="walls-part" aria-label={t('walls.screens')}>
      <h2>{t('walls.screens')}</h2>
      <p className="walls-quiet">{t('walls.size', whole)}</p>
      <div className="walls-grid" style={{ gridTemplateColumns: `repeat(${columns}, minmax(9rem, 1fr))` }}>
        {cells.map(({ row, column }) => {
          const told = wall.screens.find((screen) => screen.row === row && screen.column === column)
          const age = told ? Math.max(0, now - Date.parse(told.seen_at)) : null
          const state = age === null ? 'never' : age > LOST_MS ? 'lost' : told!.frame_age_ms > SLOW_MS ? 'slow' : 'fine'
          const address = `/?display=wall&wall=${wall.id}&screen=${row},${column}`
          return (
            <div key={`${row},${column}`} className="walls-screen" data-state={state}>
              <strong>{t('walls.screen', { row, column })}</strong>
              <span className="walls-state">
                <Icon name={state === 'fine' ? 'check' : state === 'never' ? 'screen' : 'alert'} />
                {t(`walls.${state}`)}
                {age !== null && <span className="walls-quiet">{t('walls.age', { s: Math.round(age / 1000) })}</span>}
              </span>
              {told && (told.width !== wall.layout.width || told.height !== wall.layout.height) && (
                <span className="walls-bad">{t('walls.wrongSize', { width: told.width, height: told.height, w: wall.layout.width, h: wall.layout.height })}</span>
              )}
              {told && <span className="walls-quiet">{t('walls.frame', { s: (told.frame_age_ms / 1000).toFixed(1) })}</span>}
              {told && <span className="walls-quiet">{t(told.version === version ? 'walls.version' : 'walls.oldVersion', { version: told.version })}</span>}
              <a href={address} target="_blank" rel="noreferrer" className="truncate" aria-label={`${t('walls.address')} ${row},${column}`}>{address}</a>
            </div>
          )
        })}
      </div>
    </section>
  )
}
