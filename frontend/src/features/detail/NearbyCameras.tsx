import { useQuery } from '@tanstack/react-query'
import { nearQuery } from '../../api/queries'
import type { Feature } from '../../api/types'
import { select } from '../../app/router'
import { theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import { distance } from '../../lib/format'
import { useRow } from '../../live/hooks'
import { Icon } from '../../ui/icons'
import { Failure } from '../../ui/State'
import { Section } from './Frame'

const RADIUS_M = 1000
const SHOWN = 6

/** The nearest cameras, with their state as it is now. */
export function NearbyCameras({ point }: { point: readonly number[] }) {
  const { t } = useText()
  const near = useQuery(nearQuery('camera', point, RADIUS_M, SHOWN))
  const radius = distance(RADIUS_M, t)
  return (
    <Section title={t('cameraList.title')} testid="nearby-cameras">
      {near.isError && !near.data && <Failure compact error={near.error} title={t('cameraList.failed')} onRetry={() => void near.refetch()} />}
      {near.data?.length === 0 && <p className="detail-hint">{t('cameraList.none', { radius })}</p>}
      <ul>
        {near.data?.map((camera) => <NearbyCamera key={camera.id} camera={camera} />)}
      </ul>
    </Section>
  )
}

function NearbyCamera({ camera }: { camera: Feature }) {
  const { t } = useText()
  const row = useRow('camera', camera.id)
  const properties = camera.properties as { name?: string; status?: string }
  const status = String(row?.status ?? properties.status ?? 'unknown')
  return (
    <li>
      <button
        type="button"
        className="near"
        onClick={() => {
          select({ layer: 'camera', id: camera.id })
          void theMap.get()?.flyToFeature({ layer: 'camera', id: camera.id })
        }}
      >
        <Icon name="camera" />
        <span className="truncate">{String(row?.name ?? properties.name ?? camera.id)}</span>
        <span className={`near-state status-${status}`}>{t(`state.camera.${status}`)}</span>
        <span className="near-distance">{camera.distance_m !== undefined && distance(camera.distance_m, t)}</span>
      </button>
    </li>
  )
}
