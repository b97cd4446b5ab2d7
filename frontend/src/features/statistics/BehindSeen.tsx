import { go, paths } from '../../app/router'
import { useText } from '../../i18n'
import { Icon } from '../../ui/icons'
import { Empty } from '../../ui/State'
import type { Graded } from './grades'

const percent = (share: number) => `${Number((100 * share).toFixed(1))}%`

/** What is behind a share of the ground that is seen: how many cameras stand there, and those that are down, which can be mended. */
export function BehindSeen({ row, name }: { row: Graded; name: string }) {
  const { t } = useText()
  const sight = row.area.sight
  if (!sight) return <Empty icon="camera" title={t('statistics.noCameras')} />
  return (
    <>
      <header className="block-head">
        <h3 className="block-title" data-testid="stat-behind">
          {t('statistics.seenOf', { area: name })}
        </h3>
      </header>
      <p className="behind-more">{t('statistics.seenNow', { seen: percent(sight.seen), could: percent(sight.could) })}</p>
      <p className="behind-more">{sight.cameras === 0 ? t('statistics.noCameras') : t('statistics.camerasThere', { n: sight.cameras, down: sight.down })}</p>
      <ul className="behind">
        {sight.broken.map((camera) => (
          <li key={camera.id}>
            <button type="button" className="behind-case" onClick={() => go(paths.cameras, { layer: 'camera', id: camera.id })} data-testid="stat-camera">
              <Icon name="camera" />
              <span className="behind-title truncate">{camera.name}</span>
              <span className="behind-state">{t(`state.camera.${camera.status}`)}</span>
            </button>
          </li>
        ))}
        {sight.down > sight.broken.length && <li className="behind-more">{t('statistics.mostCameras', { n: sight.broken.length })}</li>}
      </ul>
    </>
  )
}
