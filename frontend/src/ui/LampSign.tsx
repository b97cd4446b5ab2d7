import { useText } from '../i18n'
import { moment } from '../lib/time'
import { useLamp } from '../live/hooks'
import { replaying } from '../live/replay'
import './lamp.css'

/** Whether the picture can be believed: shape, word and time, never colour alone. */
export function LampSign() {
  const { t, locale } = useText()
  const lamp = useLamp()
  const latency = lamp.latencyMs === null ? null : Math.max(0, lamp.latencyMs) / 1000
  const detail =
    lamp.state === 'live'
      ? latency !== null && t('lamp.latency', { seconds: latency < 10 ? latency.toFixed(1) : Math.round(latency) })
      : lamp.lastGood
        ? t('lamp.lastGood', { time: moment(lamp.lastGood, locale) })
        : lamp.state === 'connecting'
          ? null
          : t('lamp.never')
  return (
    <div className={`lamp lamp-${lamp.state}`} role="status" aria-label={t('lamp.label')} data-testid="lamp" data-state={lamp.state}>
      <LampShape state={lamp.state} />
      <LampWord />
      {detail && <span className="lamp-detail">{detail}</span>}
    </div>
  )
}

/** The lamp's word alone, in its colour. A replay that is connected is not called live. */
export function LampWord({ className = '' }: { className?: string }) {
  const { t } = useText()
  const { state } = useLamp()
  return <span className={`lamp-word lamp-word-${state} ${className}`}>{t(replaying && state === 'live' ? 'replay.connected' : `lamp.${state}`)}</span>
}

/** Live: a disc. Delayed: a triangle. Offline: a square with a bar. Connecting: a ring. */
export function LampShape({ state }: { state: 'connecting' | 'live' | 'delayed' | 'offline' }) {
  return (
    <svg viewBox="0 0 12 12" width="0.75em" height="0.75em" aria-hidden="true">
      {state === 'live' && <circle cx="6" cy="6" r="5" fill="var(--ok)" />}
      {state === 'connecting' && <circle cx="6" cy="6" r="4.5" fill="none" stroke="var(--text-3)" strokeWidth="1.5" />}
      {state === 'delayed' && <path d="M6 .5 12 11.5H0Z" fill="var(--warn)" />}
      {state === 'offline' && (
        <>
          <rect width="12" height="12" fill="var(--bad)" />
          <path d="M2.5 6h7" stroke="var(--on-sev)" strokeWidth="2" />
        </>
      )}
    </svg>
  )
}
