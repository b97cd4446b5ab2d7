import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { catalogQuery } from '../api/queries'
import type { Source } from '../api/types'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { PreviewMap, type Picked } from '../map/preview'
import type { MapCatalog } from '../map/types'
import { IconButton } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { estimate, Readers } from './SourceList'
import { StateSign } from './StateSign'

/** A map of one source; beside it what is known of the source, and of what was picked. */
export function SourcePage({ source }: { source: Source }) {
  const { t } = useText()
  const catalog = useQuery(catalogQuery)
  const [picked, setPicked] = useState<Picked[] | null>(null)
  if (catalog.isPending) return <Loading text={t('app.loading')} />
  if (catalog.isError) return <Failure error={catalog.error} onRetry={() => void catalog.refetch()} />
  return (
    <main className="preview-source">
      <SourceMap source={source} catalog={catalog.data} onPick={setPicked} />
      <aside className="preview-side" aria-label={t('preview.about')}>
        {picked && <PickedList picked={picked} source={source} />}
        <About source={source} />
      </aside>
    </main>
  )
}

function SourceMap({ source, catalog, onPick }: { source: Source; catalog: MapCatalog; onPick: (picked: Picked[]) => void }) {
  const { t } = useText()
  const { theme, locale } = useStore(settings)
  const container = useRef<HTMLDivElement>(null)
  const map = useRef<PreviewMap | null>(null)
  const [zoom, setZoom] = useState<number | null>(null)
  const [failed, setFailed] = useState(false)
  const [trouble, setTrouble] = useState(false)
  // What the map is made of: a number of features that changed is no reason to make it anew.
  const { name, format, encoding, layers, min_zoom, max_zoom, bbox } = source
  const drawn = JSON.stringify({ name, format, encoding, layers, min_zoom, max_zoom, bbox })
  useEffect(() => {
    setTrouble(false)
    try {
      map.current = new PreviewMap(container.current!, { catalog, source: JSON.parse(drawn) as Source, theme, locale, onPick, onZoom: setZoom, onError: () => setTrouble(true) })
    } catch (error) {
      console.error('the map did not open:', error)
      setFailed(true)
    }
    return () => {
      map.current?.destroy()
      map.current = null
    }
  }, [catalog, drawn, theme, locale, onPick])
  const below = zoom !== null && zoom < source.min_zoom
  return (
    <section className="preview-stage" aria-label={t('map.region')}>
      <div className="preview-map" ref={container} data-testid="preview-map" />
      <span className="preview-cross" aria-hidden="true" />
      {failed && <Empty icon="area" title={t('map.failed')} detail={t('map.failedDetail')} />}
      {(trouble || below) && (
        <p className="preview-banner" role="status">
          {t(below ? 'preview.zoomIn' : 'preview.trouble', { zoom: source.min_zoom })}
        </p>
      )}
      <div className="preview-tools">
        <IconButton icon="plus" label={t('action.zoomIn')} shortcut="+" onPress={() => map.current?.zoomBy(1)} />
        <IconButton icon="minus" label={t('action.zoomOut')} shortcut="−" onPress={() => map.current?.zoomBy(-1)} />
        <IconButton icon="frame" label={t('preview.home')} shortcut="0" onPress={() => map.current?.home()} />
      </div>
      <p className="preview-foot">
        {t('preview.keys')}
        {zoom !== null && <span>z {zoom.toFixed(1)}</span>}
      </p>
    </section>
  )
}

/** What stands where somebody clicked, layer by layer. */
function PickedList({ picked, source }: { picked: Picked[]; source: Source }) {
  const { t, locale } = useText()
  const times = new Set(source.columns.filter((c) => c.type === 'time').map((c) => c.name)) // in tiles as seconds since 1970
  const written = (key: string, value: unknown): string =>
    times.has(key) && typeof value === 'number' ? new Date(value * 1000).toLocaleString(locale === 'zh' ? 'zh-CN' : 'en-GB') : String(value)
  return (
    <section className="preview-part" aria-live="polite" data-testid="picked">
      <h2>{t('preview.picked')}</h2>
      {picked.length === 0 && <p className="preview-quiet">{t('preview.nothingHere')}</p>}
      {picked.map((p, i) => (
        <dl key={i} className="preview-facts">
          <dt>{t('preview.layer')}</dt>
          <dd>{p.layer}</dd>
          {p.id !== null && (
            <>
              <dt>id</dt>
              <dd>{p.id}</dd>
            </>
          )}
          {Object.entries(p.properties).map(([key, value]) => (
            <div key={key} className="preview-fact">
              <dt>{key}</dt>
              <dd>{written(key, value)}</dd>
            </div>
          ))}
        </dl>
      ))}
    </section>
  )
}

function About({ source }: { source: Source }) {
  const { t, locale } = useText()
  const columns = source.columns.length ? source.columns : source.layers.flatMap((l) => Object.entries(l.fields ?? {}).map(([name, type]) => ({ name: `${l.id}.${name}`, type })))
  return (
    <section className="preview-part">
      <h2>{source.title[locale]}</h2>
      <dl className="preview-facts">
        <dt>{t('preview.kindTitle')}</dt>
        <dd>{t(`preview.kind.${source.kind}`)}</dd>
        <dt>{t('preview.state')}</dt>
        <dd>
          <StateSign source={source} />
        </dd>
        <dt>{t('preview.readersTitle')}</dt>
        <dd>
          <Readers source={source} />
        </dd>
        <dt>{t('preview.features')}</dt>
        <dd>{estimate(source, locale)}</dd>
        <dt>{t('preview.zooms')}</dt>
        <dd>
          {source.min_zoom}–{source.max_zoom}
        </dd>
        {source.srid ? (
          <>
            <dt>{t('preview.srid')}</dt>
            <dd>EPSG:{source.srid}</dd>
          </>
        ) : null}
        {source.id && (
          <>
            <dt>{t('preview.idColumn')}</dt>
            <dd>{source.id}</dd>
          </>
        )}
        <dt>TileJSON</dt>
        <dd>
          <a href={`/tiles/${encodeURIComponent(source.name)}.json`}>{source.name}.json</a>
        </dd>
        {source.attribution && (
          <>
            <dt>{t('preview.attribution')}</dt>
            <dd>{source.attribution}</dd>
          </>
        )}
      </dl>
      {source.message && <p className="preview-message">{source.message}</p>}
      {columns.length > 0 && (
        <>
          <h3>{t('preview.columns')}</h3>
          <ul className="preview-columns">
            {columns.map((c) => (
              <li key={c.name}>
                <span>{c.name}</span>
                <span className="preview-quiet">{c.type}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {source.notes && source.notes.length > 0 && (
        <>
          <h3>{t('preview.notes')}</h3>
          <ul className="preview-notes">
            {source.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
