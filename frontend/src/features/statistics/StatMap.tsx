import { useEffect, useRef, useState } from 'react'
import type { Catalog } from '../../api/types'
import { settings } from '../../app/settings'
import { useText } from '../../i18n'
import { useStore } from '../../lib/store'
import { type AreaTints, type DrawnArrow, type DrawnAs, GRID_ZOOM, HEAT_RADIUS, type TintedArea, tintAreas } from '../../map/areaTints'
import type { Bbox } from '../../map/types'
import { Empty } from '../../ui/State'
import type { Grouping, Step } from './grades'
import { type HeatPoint, heatSteps, intensityOf, peakDensity, roundUp, sigmaKm } from './heat'
import { Key } from './Key'

interface Props {
  catalog: Catalog
  by: Grouping
  as: DrawnAs
  areas: readonly TintedArea[]
  steps: readonly Step[]
  outlines: GeoJSON.FeatureCollection | null
  heat: readonly HeatPoint[] | null
  arrows: readonly DrawnArrow[]
  arrow: number
  selected: number | null
  none: string
  /** The tints are shares of the ground that cameras see. */
  sight: boolean
  onPick: (id: number | null) => void
  onArrow: (index: number) => void
  onZoom: (zoom: number) => void
}

/** The map of numbers with its key. */
export function StatMap({ catalog, by, as, areas, steps, outlines, heat, arrows, arrow, selected, none, sight, onPick, onArrow, onZoom }: Props) {
  const { t, locale } = useText()
  const { theme } = useStore(settings)
  const box = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<AreaTints | null>(null)
  const [failed, setFailed] = useState(false)
  const [view, setView] = useState({ zoom: 20, latitude: 0 })
  const told = useRef({ onPick, onArrow, onZoom })
  told.current = { onPick, onArrow, onZoom }
  useEffect(() => {
    try {
      const made = tintAreas(box.current!, {
        theme,
        locale,
        bbox: catalog.county.bbox as Bbox,
        onPick: (id) => told.current.onPick(id),
        onArrow: (index) => told.current.onArrow(index),
        onZoom: (zoom, latitude) => {
          setView({ zoom, latitude })
          told.current.onZoom(zoom)
        },
      })
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
  useEffect(() => map?.show(by, areas, as), [map, by, areas, as])
  useEffect(() => void (outlines && map?.shapes(outlines)), [map, outlines])
  useEffect(() => map?.arrows(arrows, arrow), [map, arrows, arrow])
  const radius = HEAT_RADIUS * (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16)
  const sigma = sigmaKm(radius, view.zoom, view.latitude)
  const top = heat && heat.length > 0 ? roundUp(peakDensity(heat, sigma)) : 1
  useEffect(() => map?.heat(heat && { points: heat, intensity: (zoom, latitude) => intensityOf(top, sigmaKm(radius, zoom, latitude)) }), [map, heat, top, radius])
  const [blind, setBlind] = useState(false)
  const ground = sight && blind
  useEffect(() => map?.ground(ground), [map, ground])
  useEffect(() => {
    map?.mark(selected)
    const place = by === 'unit_grid' && areas.find(({ id }) => id === selected)?.center
    if (place) map?.near(place)
  }, [map, selected, by])
  const far = by === 'unit_grid' && as === 'tint' && view.zoom < GRID_ZOOM
  const number = (value: number) => Number(value.toPrecision(2)).toString()
  return (
    <section className="statistics-map" aria-label={t('statistics.map')}>
      <div className="statistics-canvas" ref={box} data-wait={t('app.loading')} data-testid="stat-map" />
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
      {as === 'tint' && areas.length > 0 && !ground && <Key steps={steps} none={none} title={t('statistics.key')} />}
      {as === 'heat' && heat && (
        <div className="statistics-key" data-testid="stat-heat-key">
          <h3>{t('statistics.heatUnit')}</h3>
          <ul>
            {heatSteps(top).map(({ from }, tint) => ({ from, tint })).reverse().map(({ from, tint }) => (
              <li key={tint}>
                <span className="ranked-sign" data-tint={tint} aria-hidden="true" />
                {heat.length > 0 ? `≥ ${number(from)}` : '–'}
              </li>
            ))}
          </ul>
          <p className="statistics-note">{t('statistics.heatKernel', { m: Math.round(sigma * 1000) })}</p>
        </div>
      )}
      {as === 'flows' && <p className="statistics-key statistics-note">{t('statistics.flowKey')}</p>}
      {as === 'counts' && <p className="statistics-key statistics-note">{t('statistics.countKey')}</p>}
    </section>
  )
}
