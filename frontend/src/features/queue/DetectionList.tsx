import { memo, useMemo } from 'react'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { percent, squareMetres } from '../../lib/format'
import { useLayer } from '../../live/hooks'
import { Icon } from '../../ui/icons'
import { Empty, Loading } from '../../ui/State'
import { List } from './List'

interface OpenDetection {
  id: number
  number: string
  state: string
  areaPath: string | null
  /** Geodesic square metres. */
  area: number
  /** 0 to 1, null where the detector gives none. */
  score: number | null
}

const idOf = (detection: OpenDetection) => detection.id
const number = (value: unknown) => (typeof value === 'number' ? value : null)

/** Proposed illegal buildings that nobody has cleared, the largest and surest first. */
export const DetectionList = memo(function DetectionList() {
  const { t, locale } = useText()
  const layer = useLayer('detection')
  const areas = useAreas()
  const rows = useMemo(
    () =>
      Array.from(
        layer.rows(),
        (row): OpenDetection => ({
          id: row.id,
          number: String(row.number),
          state: String(row.state),
          areaPath: row.area_path as string | null,
          area: number(row.area_m2) ?? 0,
          score: number(row.score),
        }),
      ).sort((a, b) => b.area * (b.score ?? 0.5) - a.area * (a.score ?? 0.5) || a.id - b.id),
    [layer, layer.version],
  )
  const place = (path: string | null) => areas.place(path, locale) || t('place.outside')
  return (
    <section className="listing" aria-labelledby="detections-title">
      <header className="block-head list-rule">
        <h2 className="block-title" id="detections-title">
          {t('detections.title')}
        </h2>
        <span className="block-note truncate">{t('detections.order')}</span>
      </header>
      {rows.length > 0 ? (
        <List
          label={t('detections.title')}
          layer="detection"
          rows={rows}
          idOf={idOf}
        >
          {(row) => (
            <>
              <span className="row-sign row-detection">
                <Icon name="house" size="1.6rem" />
              </span>
              <span className="row-title truncate">{squareMetres(row.area, locale, t)}</span>
              <span className="row-age">{row.score === null ? '' : percent(row.score)}</span>
              <span className="row-place truncate">{place(row.areaPath)}</span>
              <span className={`row-state${row.state === 'detected' ? ' waits' : ''}`}>{t(`state.detection.${row.state}`)}</span>
            </>
          )}
        </List>
      ) : layer.loaded ? (
        <Empty icon="check" title={t('detections.empty')} detail={t('detections.emptyDetail')} />
      ) : (
        <Loading text={t('app.loading')} />
      )}
    </section>
  )
})
