import { useQueries } from '@tanstack/react-query'
import { errorText } from '../../api/error'
import { nearQuery } from '../../api/queries'
import type { Catalog } from '../../api/types'
import { select } from '../../app/router'
import { theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import { distance } from '../../lib/format'
import { useLive } from '../../live/hooks'
import type { LonLat } from '../../map/types'

const MOST = 50
/** What a row is called, by the first of these columns that it has. */
const names = ['title', 'name', 'label', 'number', 'code', 'device_id', 'rule']
/** What holds every place says nothing of one. */
const everywhere = ['area', 'unit_grid']

/** Everything that lies within a radius or reaches into it, by layer and the nearest first, empty layers last; a press opens it. */
export function Around({ catalog, at, radius }: { catalog: Catalog; at: LonLat; radius: number }) {
  const { t, has, locale } = useText()
  const units = useLive().layer('unit')
  const layers = catalog.layers.filter(({ name, geometry }) => geometry !== 'none' && !everywhere.includes(name))
  const found = useQueries({ queries: layers.map(({ name }) => nearQuery(name, at, radius, MOST)) })
  return (
    <div className="measure-around">
      {layers
        .map((layer, i) => ({ layer, ...found[i]! }))
        .sort((a, b) => Number(a.data?.length === 0) - Number(b.data?.length === 0))
        .map(({ layer, data, error, isPending }) => {
        return (
          <section key={layer.name} aria-label={layer.title[locale]}>
            <h4 className="measure-kind">
              <span>{layer.title[locale]}</span>
              <span>
                {error
                  ? t('measure.failed', { why: errorText(error, t, has) })
                  : isPending
                    ? '…'
                    : data.length === 0
                      ? t('measure.nothing', { radius: distance(radius, t) })
                      : t(data.length === MOST ? 'measure.more' : 'measure.found', { n: data.length })}
              </span>
            </h4>
            {data && data.length > 0 && (
              <ul>
                {data.map((feature) => {
                  const thing = { layer: layer.name === 'position' ? 'unit' : layer.name, id: feature.id }
                  const properties = feature.properties as Record<string, unknown>
                  const name = [units.value(thing.layer === 'unit' ? thing.id : -1, 'name'), ...names.map((column) => properties[column])].find((value) => typeof value === 'string' && value)
                  return (
                    <li key={feature.id}>
                      <button
                        type="button"
                        className="measure-hit"
                        title={t('measure.open')}
                        onClick={() => {
                          select(thing)
                          void theMap.get()?.flyToFeature(thing)
                        }}
                      >
                        <span className="truncate">{String(name ?? `#${feature.id}`)}</span>
                        <span className="measure-far">{distance(feature.distance_m ?? 0, t)}</span>
                      </button>
                    </li>
                  )
                })}
              </ul>
            )}
          </section>
        )
      })}
    </div>
  )
}
