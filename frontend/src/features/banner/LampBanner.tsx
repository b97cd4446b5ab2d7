import { memo } from 'react'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { clock, duration } from '../../lib/time'
import { useLamp } from '../../live/hooks'
import { LampShape } from '../../ui/LampSign'
import './banner.css'

/** Over the map when the picture is not live: since when it is old and that it comes back by itself. */
export const LampBanner = memo(function LampBanner() {
  const { t, locale } = useText()
  const lamp = useLamp()
  const now = useNow(5)
  if (lamp.state !== 'delayed' && lamp.state !== 'offline') return null
  const good = lamp.lastGood
  const key = !good ? 'bannerNever' : lamp.source === 'lost' && lamp.state === 'delayed' ? 'bannerSource' : lamp.state === 'delayed' ? 'bannerDelayed' : 'bannerOffline'
  return (
    <div className={`banner banner-${lamp.state}`} role="alert" data-testid="lamp-banner">
      <LampShape state={lamp.state} />
      <span>{good ? t(`lamp.${key}`, { time: clock(good, locale), age: duration(now - good.getTime(), t) }) : t('lamp.bannerNever')}</span>
    </div>
  )
})
