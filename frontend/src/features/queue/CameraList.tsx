import { memo, useMemo } from 'react'
import { go, paths } from '../../app/router'
import { useAreas } from '../../domain/useAreas'
import { useLayerEvery } from '../../domain/useLayerEvery'
import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { Icon } from '../../ui/icons'
import { Empty, Loading } from '../../ui/State'
import { Age } from './IncidentQueue'
import { List } from './List'

interface AbnormalCamera {
  id: number
  name: string
  areaPath: string | null
  status: string
  since: number
}

const idOf = (camera: AbnormalCamera) => camera.id

/** Cameras that are not online, the longest first: what somebody has to repair. */
export const CameraList = memo(function CameraList() {
  const { t, locale } = useText()
  const { layer, version } = useLayerEvery('camera', 1000)
  const areas = useAreas()
  const rows = useMemo(() => {
    const out: AbnormalCamera[] = []
    layer.each('status', (id, status) => {
      if (status === 'online') return
      out.push({
        id,
        name: String(layer.value(id, 'name') ?? ''),
        areaPath: (layer.value(id, 'area_path') as string | null) ?? null,
        status: String(status),
        since: Date.parse(String(layer.value(id, 'status_since'))),
      })
    })
    return out.sort((a, b) => a.since - b.since || a.id - b.id)
  }, [layer, version])
  const place = (path: string | null) => areas.place(path, locale) || t('place.outside')
  return (
    <section className="listing" aria-labelledby="cameras-title">
      <header className="block-head list-rule">
        <h2 className="block-title" id="cameras-title">
          {t('cameras.title')}
        </h2>
        <span className="block-note truncate">
          {count(rows.length, locale)} · {t('cameras.order')}
        </span>
        <a
          className="block-note"
          href={paths.repair}
          data-testid="open-repair"
          onClick={(event) => {
            event.preventDefault()
            go(paths.repair)
          }}
        >
          {t('cameras.repair')}
        </a>
      </header>
      {rows.length > 0 ? (
        <List
          label={t('cameras.title')}
          layer="camera"
          rows={rows}
          idOf={idOf}
        >
          {(row) => (
            <>
              <span className="row-sign">
                <Icon name="camera" size="1.5rem" />
              </span>
              <span className="row-title truncate">{row.name}</span>
              <Age since={row.since} />
              <span className="row-place truncate">{place(row.areaPath)}</span>
              <span className={`row-state${row.status === 'fault' ? ' waits' : ''}`}>{t(`state.camera.${row.status}`)}</span>
            </>
          )}
        </List>
      ) : layer.loaded ? (
        <Empty icon="check" title={t('cameras.empty')} detail={t('cameras.emptyDetail')} />
      ) : (
        <Loading text={t('app.loading')} />
      )}
    </section>
  )
})
