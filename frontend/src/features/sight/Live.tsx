import { useEffect, useRef, useState } from 'react'
import { useText } from '../../i18n'
import { Button } from '../../ui/Button'
import { usePlayer, useShown } from './usePlayer'

/** One camera's live picture, with what is known of it: connecting, live and how far behind, stopped and since when, or why there is none. */
export function Live({ id, onClose }: { id: number; onClose?: () => void }) {
  const { t } = useText()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [round, setRound] = useState(0)
  const state = usePlayer(id, canvas, useShown(canvas), round)

  const supported = state.reason !== 'insecure'
  const words = !supported
    ? t('video.insecure')
    : state.phase === 'live'
      ? state.latencyMs !== undefined && (state.way === 'hls' ? t('video.hls', { s: (state.latencyMs / 1000).toFixed(1) }) : t('video.latency', { ms: state.latencyMs }))
      : state.phase === 'connecting'
        ? t('video.connecting')
        : state.phase === 'stale'
          ? t('video.stale', { age: '' })
          : t(`video.${state.reason ?? 'broken'}`, { codec: state.codec })
  return (
    <div className={`live live-${supported ? state.phase : 'ended'}`} data-testid="live" data-phase={supported ? state.phase : 'insecure'}>
      <canvas ref={canvas} width={16} height={9} />
      <p className="live-line" role="status">
        {state.phase === 'live' && <strong className="live-mark">● {t('video.live')}</strong>}
        {state.phase === 'stale' ? <Stopped since={state.drawnAt ?? 0} /> : <span>{words}</span>}
        {state.masked && <span>{t('video.masks')}</span>}
        {state.phase === 'ended' && supported && <Button onPress={() => setRound(round + 1)}>{t('video.retry')}</Button>}
        {onClose && <Button onPress={onClose}>{t('video.stop')}</Button>}
      </p>
    </div>
  )
}

/** How old the picture is that still stands there. */
export function Stopped({ since }: { since: number }) {
  const { t } = useText()
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), 1000)
    return () => window.clearInterval(timer)
  }, [])
  return <strong className="live-stale">▲ {t('video.stale', { age: `${Math.round((now - since) / 1000)} s` })}</strong>
}
