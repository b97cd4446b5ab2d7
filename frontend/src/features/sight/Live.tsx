import { useEffect, useRef, useState } from 'react'
import { useText } from '../../i18n'
import { duration } from '../../lib/time'
import { Button } from '../../ui/Button'
import { later } from '../../ui/later'
import { useControl } from '../../video/useControl'
import { StillAge, StillPicture, standsIn, useStill } from './still'
import { usePlayer, useShown } from './usePlayer'
import { whyText } from './why'

const Ptz = later(() => import('../../video/Ptz'))

/** One camera's live picture, with what is known of it: connecting, live and how far behind, stopped and since when, or why there is none. Below it what turns it, where it can be turned. */
export function Live({ id, name, onClose }: { id: number; name: string; onClose?: () => void }) {
  const { t, has } = useText()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [round, setRound] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const shown = useShown(box) // the canvas gives way to stills
  const state = usePlayer(id, canvas, shown, round)
  const stills = standsIn(state)
  const still = useStill(id, shown && stills, stills)
  const { turns } = useControl(id, true)

  const supported = state.reason !== 'insecure'
  const words = !supported
    ? t('video.insecure')
    : state.phase === 'live'
      ? state.latencyMs !== undefined && (state.way === 'hls' ? t('video.hls', { s: (state.latencyMs / 1000).toFixed(1) }) : t('video.latency', { ms: state.latencyMs }))
      : state.phase === 'connecting'
        ? t('video.connecting')
        : state.phase === 'stale'
          ? t('video.stale', { age: '' })
          : whyText(state, t, has)
  return (
    <div ref={box} className={`live live-${still.blob && stills ? 'still' : supported ? state.phase : 'ended'}`} data-testid="live" data-phase={supported ? state.phase : 'insecure'}>
      <canvas ref={canvas} width={16} height={9} hidden={stills && !!still.blob} tabIndex={turns ? 0 : undefined} role="img" aria-label={t(turns ? 'video.turned' : 'video.picture', { name })} data-testid="live-picture" />
      {stills && still.blob && <StillPicture blob={still.blob} />}
      <p className="live-line" role="status">
        {state.phase === 'live' && <strong className="live-mark">● {t('video.live')}</strong>}
        {state.phase === 'stale' ? <Stopped since={state.drawnAt ?? 0} /> : <span>{words}</span>}
        {stills && (still.came !== undefined ? <StillAge came={still.came} /> : still.error && <span>{t('video.noStill')}</span>)}
        {state.masked && <span>{t('video.masks')}</span>}
        {state.phase === 'ended' && supported && <Button onPress={() => setRound(round + 1)}>{t('video.retry')}</Button>}
        {onClose && <Button onPress={onClose}>{t('video.stop')}</Button>}
      </p>
      {turns && <Ptz id={id} host={box} />}
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
  return <strong className="live-stale">▲ {t('video.stale', { age: duration(now - since, t) })}</strong>
}
