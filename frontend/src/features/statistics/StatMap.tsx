import { useEffect, useRef, useState } from 'react'
import type { Catalog } from '../../api/types'
import { settings } from '../../app/settings'
import { useText } from '../../i18n'
import { useStore } from '../../lib/store'
import { type AreaTints, GRID_ZOOM, type TintedArea, tintAreas } from '../../map/areaTints'
import type { Bbox } from '../../map/types'
import { Empty } from '../../ui/State'
import type { Grouping, Step } from './grades'

/** The tinted map with its key. */
export function StatMap({ catalog, by, areas, steps, selected, none, sight, onPick }: { catalog: Catalog; by: Grouping; areas: readonly TintedArea[]; steps: readonly Step[]; selected: number | null; none: string; sight: boolean; onPick: (id: number | null) => void }) {
  const { t, locale } = useText()
  const { theme } = useStore(settings)
  const box = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<AreaTints | null>(null)
  const [failed, setFailed] = useState(false)
  const [zoom, setZoom] = useState(20)
  const pick = useRef(onPick)
  pick.current = onPick
  useEffect(() => {
    try {
      const made = tintAreas(box.current!, { theme, locale, bbox: catalog.county.bbox as Bbox, onPick: (id) => pick.current(id), onZoom: setZoom })
      setMap(made)
      return () => {
        setMap(null)
        made.destroy()
      }
    } catch (error) {
      console.error('the map of statistics did not open:', error)
      setFailed(true)
      return undefined
    }
  }, [theme, locale, catalog])
  useEffect(() => map?.show(by, areas), [map, by, areas])
  const [blind, setBlind] = useState(false)
  const ground = sight && blind
  useEffect(() => map?.ground(ground), [map, ground])
  useEffect(() => {
    map?.mark(selected)
    const place = by === 'unit_grid' && areas.find(({ id }) => id === selected)?.center
    if (place) map?.near(place)
  }, [map, selected, by])
  const far = by === 'unit_grid' && zoom < GRID_ZOOM
  return (
    <section className="statistics-map" aria-label={t('statistics.map')}>
      <div className="statistics-canvas" ref={box} data-testid="stat-map" />
      {failed && <Empty icon="area" title={t('statistics.mapFailed')} />}
      {far && <p className="statistics-far" role="status">{t('statistics.zoom')}</p>}
      {sight && (
        <button type="button" className="chip statistics-blind" aria-pressed={blind} onClick={() => setBlind(!blind)} data-testid="stat-blind">
          {t('statistics.blind')}
        </button>
      )}
      {ground && (
        <div className="statistics-key" data-testid="blind-key">
          <h3>{t('statistics.blindKey')}</h3>
          <ul>
            {(['seen', 'broken', 'unseen'] as const).map((kind) => (
              <li key={kind}>
                <span className={`statistics-ground ground-${kind}`} aria-hidden="true" />
                {t(`statistics.ground.${kind}`)}
              </li>
            ))}
          </ul>
        </div>
      )}
      {areas.length > 0 && !ground && (
        <div className="statistics-key" data-testid="stat-key">
          <h3>{t('statistics.key')}</h3>
          <ul>
            {[...steps].reverse().map((step) => (
              <li key={step.text}>
                <span className="ranked-sign" data-tint={step.tint} aria-hidden="true">{step.text.split(' ')[0]}</span>
                {step.text.slice(step.text.indexOf(' ') + 1)}
                <span className="statistics-count">{t('statistics.areas', { n: step.areas })}</span>
              </li>
            ))}
            <li>
              <span className="ranked-sign" data-tint={-1} aria-hidden="true" />
              {none}
            </li>
          </ul>
        </div>
      )}
    </section>
  )
}
