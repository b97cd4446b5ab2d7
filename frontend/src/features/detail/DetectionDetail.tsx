import { go, paths } from '../../app/router'
import { may, useSession } from '../../app/session'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { percent, squareMetres } from '../../lib/format'
import { moment } from '../../lib/time'
import { useLayer, useRow } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { later } from '../../ui/later'
import { Empty, Loading } from '../../ui/State'
import { CategoryName } from './CategoryName'
import { DetailFrame, Facts } from './Frame'
import { centreOf } from './centreOf'

const WhatSees = later(() => import('../sight/WhatSees'))

const number = (value: unknown) => (typeof value === 'number' ? value : null)

/** A proposed illegal building: what the detector says of it. */
export function DetectionDetail({ id }: { id: number }) {
  const { t, locale } = useText()
  const row = useRow('detection', id)
  const { loaded } = useLayer('detection')
  const areas = useAreas()
  const session = useSession()
  const sign = (
    <span className="sign-warn">
      <Icon name="house" size="2rem" />
    </span>
  )
  if (!row) {
    return (
      <DetailFrame sign={sign} title={t('detections.title')} testid="detection-detail">
        {loaded ? <Empty icon="house" title={t('detail.gone')} /> : <Loading text={t('detail.loading')} />}
      </DetailFrame>
    )
  }
  const area = number(row.area_m2)
  const score = number(row.score)
  const height = number(row.height_m)
  const centre = centreOf(row.geometry)
  return (
    <DetailFrame
      testid="detection-detail"
      sign={sign}
      title={String(row.number)}
      place={areas.place(row.area_path as string | null, locale) || t('place.outside')}
      chip={
        <span className={`state-chip${row.state === 'detected' ? ' waits' : ''}`} data-state={String(row.state)}>
          {t(`state.detection.${String(row.state)}`)}
        </span>
      }
    >
      <Facts
        facts={[
          [t('detail.area'), area !== null && squareMetres(area, locale, t)],
          [t('detail.score'), score !== null && percent(score)],
          [t('detail.buildingHeight'), height !== null && `${height.toFixed(1)} ${t('unitOf.m')}`],
          [t('detail.detectedAt'), moment(String(row.detected_at), locale)],
          [t('detail.detector'), row.detector as string],
          [t('detail.category'), <CategoryName key="category" code={String(row.category)} />],
        ]}
      />
      {may(session, 'detection.review') && <Button onPress={() => go(paths.verdicts, null)}>{t('detections.review')}</Button>}
      {centre && <WhatSees point={centre} />}
    </DetailFrame>
  )
}
