import { may, useSession } from '../../app/session'
import { useAreas } from '../../domain/useAreas'
import { textOr, useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { bearing } from '../../lib/format'
import { duration, moment } from '../../lib/time'
import { useLayer, useRow } from '../../live/hooks'
import { replaying } from '../../live/replay'
import { Icon } from '../../ui/icons'
import { later } from '../../ui/later'
import { Empty, Loading } from '../../ui/State'
import { Coordinates, DetailFrame, Facts } from './Frame'
import { usePointOf } from './pointOf'

const CameraLive = later(() => import('../sight/CameraLive'))
const CameraKeeping = later(() => import('./CameraKeeping'))

const number = (value: unknown) => (typeof value === 'number' ? value : null)

/** A camera: its state and since when, whose it is, and where it looks. */
export function CameraDetail({ id }: { id: number }) {
  const { t, has, locale } = useText()
  const row = useRow('camera', id)
  const { loaded } = useLayer('camera')
  const areas = useAreas()
  const point = usePointOf('camera', row)
  const keeps = may(useSession(), 'camera.manage')
  const sign = <Icon name="camera" size="2rem" />
  if (!row) {
    return (
      <DetailFrame sign={sign} title={t('search.kind.camera')} testid="camera-detail">
        {loaded ? <Empty icon="camera" title={t('detail.gone')} /> : <Loading text={t('detail.loading')} />}
      </DetailFrame>
    )
  }
  const status = String(row.status)
  const azimuth = number(row.azimuth_deg)
  const fov = number(row.fov_deg)
  const height = number(row.height_m)
  const range = number(row.range_m)
  return (
    <DetailFrame
      testid="camera-detail"
      sign={sign}
      title={String(row.name)}
      place={areas.place(row.area_path as string | null, locale) || t('place.outside')}
      chip={
        <span className={`state-chip status-${status}`} data-testid="camera-state" data-state={status}>
          {t(`state.camera.${status}`)}
        </span>
      }
    >
      <CameraLive key={id} id={id} name={String(row.name)} />
      {keeps && !replaying && <CameraKeeping key={`keeping ${id}`} id={id} name={String(row.name)} />}
      <Facts
        facts={[
          [t('detail.since'), <Since key="since" at={String(row.status_since)} />, true],
          [t('detail.department'), !!row.department && textOr(t, has, `department.${String(row.department)}`, String(row.department))],
          [t('detail.height'), height !== null && `${height} ${t('unitOf.m')}`],
          [t('detail.azimuth'), azimuth !== null && `${t('detail.degrees', { n: Math.round(azimuth) })} ${bearing(azimuth, t)}`],
          [t('detail.fov'), fov !== null && t('detail.degrees', { n: Math.round(fov) })],
          [t('detail.range'), range !== null && `${Math.round(range)} ${t('unitOf.m')}`],
          [t('detail.deviceId'), row.device_id as string | null, true],
          !!point && [t('detail.coordinates'), <Coordinates key="point" point={point} />, true],
        ]}
      />
    </DetailFrame>
  )
}

function Since({ at }: { at: string }) {
  const { t, locale } = useText()
  const now = useNow(10)
  return <>{t('time.since', { time: moment(at, locale), age: duration(now - Date.parse(at), t) })}</>
}
