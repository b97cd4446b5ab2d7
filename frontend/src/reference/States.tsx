import { useMemo } from 'react'
import { ApiError } from '../api/error'
import { LampBanner } from '../features/banner/LampBanner'
import { useText } from '../i18n'
import { LiveContext } from '../live/hooks'
import type { Lamp } from '../live/lamp'
import { LiveStore } from '../live/store'
import { Boundary } from '../ui/Boundary'
import { Button } from '../ui/Button'
import { LampShape, LampSign } from '../ui/LampSign'
import { Progress } from '../ui/Progress'
import { SeveritySign } from '../ui/Severity'
import { Empty, Failure, Loading } from '../ui/State'

const nothing = () => {}

export function Severities() {
  const { t } = useText()
  return (
    <div className="reference-row">
      {([1, 2, 3] as const).flatMap((level) => [false, true].map((hollow) => <SeveritySign key={`${level}${hollow}`} level={level} hollow={hollow} size="2rem" label={t(`severity.${level}`)} />))}
    </div>
  )
}

const since = new Date('2026-01-05T06:07:08Z')
const lamps: Lamp[] = [
  { state: 'connecting', since, lastGood: null, latencyMs: null, source: 'unknown' },
  { state: 'live', since, lastGood: since, latencyMs: 120, source: 'live' },
  { state: 'delayed', since, lastGood: since, latencyMs: 15_000, source: 'live' },
  { state: 'delayed', since, lastGood: since, latencyMs: 200, source: 'lost' },
  { state: 'offline', since, lastGood: since, latencyMs: null, source: 'unknown' },
  { state: 'offline', since, lastGood: null, latencyMs: null, source: 'unknown' },
]

/** The lamp in each of its states, and what lies over the map then. */
export function Lamps() {
  return (
    <div className="reference-stack">
      {lamps.map((lamp, i) => (
        <WithLamp key={i} lamp={lamp} />
      ))}
      <div className="reference-row">
        {(['connecting', 'live', 'delayed', 'offline'] as const).map((state) => (
          <LampShape key={state} state={state} />
        ))}
      </div>
    </div>
  )
}

function WithLamp({ lamp }: { lamp: Lamp }) {
  const live = useMemo(() => {
    const store = new LiveStore()
    store.setLamp(lamp)
    return store
  }, [lamp])
  return (
    <LiveContext value={live}>
      <LampSign />
      <LampBanner />
    </LiveContext>
  )
}

/** What stands where there is nothing, or not all. */
export function States() {
  const { t } = useText()
  return (
    <div className="reference-grid">
      <Empty icon="check" title={t('queue.empty')} detail={t('queue.emptyDetail')} />
      <Empty icon="filter" title={t('queue.emptyFilter')}>
        <Button small>{t('queue.clearFilter')}</Button>
      </Empty>
      <Loading text={t('queue.loading')} />
      <p className="reference-row">
        <Progress share={0.4} text={t('reference.partial', { shown: 40, total: 100 })} />
      </p>
      <Progress share={0.4} text={t('queue.loading')} />
      <p className="reference-note">{t('reference.partial', { shown: 200, total: 1834 })}</p>
      <p className="reference-note">{t('queue.stale', { time: '14:07' })}</p>
      <Empty icon="user" title={t('admin.notAllowed')} />
      <Failure error={new ApiError('network', 0)} onRetry={nothing} />
      <Failure error={new ApiError('forbidden', 403)} />
      <Failure error={new ApiError('internal', 500, { request_id: 'c0ffee00-5eed' })} title={t('reference.long')} onRetry={nothing} />
      <Failure compact error={new ApiError('invalid', 400)} />
    </div>
  )
}

export function Crash() {
  return (
    <Boundary>
      <Broken />
    </Boundary>
  )
}

function Broken(): never {
  throw new ApiError('internal', 500)
}
