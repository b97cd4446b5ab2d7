import { useEffect, useRef, useState } from 'react'
import { errorText } from '../api/error'
import { Stopped } from '../features/sight/Live'
import { StillAge, StillPicture, standsIn, stillReasons, useStill } from '../features/sight/still'
import { usePlayer, useShown } from '../features/sight/usePlayer'
import { whyText } from '../features/sight/why'
import { useText } from '../i18n'
import { useRow } from '../live/hooks'
import { Button, IconButton } from '../ui/Button'
import { Icon } from '../ui/icons'
import { later } from '../ui/later'
import { useControl } from './useControl'

const Ptz = later(() => import('./Ptz'))

/** One camera on the wall: a still until the live picture is there, then that; its state in words and a sign over it. `alone`: it fills the wall, and may be turned there. */
export function Tile({ id, small, alone = false, onClear }: { id: number; small: boolean; alone?: boolean; onClear?: () => void }) {
  const { t, has } = useText()
  const tile = useRef<HTMLElement>(null) // the canvas is hidden at first, and what is hidden is never in view
  const canvas = useRef<HTMLCanvasElement>(null)
  const [round, setRound] = useState(0)
  const shown = useShown(tile)
  const row = useRow('camera', id)
  const state = usePlayer(id, canvas, shown, round, small)
  const drawn = state.drawnAt !== undefined
  const stills = stillReasons.includes(state.reason) // and nothing else
  const still = useStill(id, shown && !drawn, stills || standsIn(state))
  const { turns } = useControl(id, alone)
  const [turning, setTurning] = useState(false)
  const host = useRef<HTMLElement | null>(null)
  useEffect(() => {
    host.current = tile.current!.parentElement // which has the focus
  }, [])
  const status = String(row?.status ?? 'unknown')
  const phase = !shown ? 'paused' : stills ? 'still' : state.phase
  const refused = still.error && still.error.status !== 503 && !drawn ? still.error : null

  let words
  if (phase === 'live') words = (
      <>
        <strong className="live-mark">● {t('video.live')}</strong>
        {state.way === 'hls' && state.latencyMs !== undefined && <span> {t('video.hls', { s: (state.latencyMs / 1000).toFixed(1) })}</span>}
      </>
    )
  else if (phase === 'stale') words = <Stopped since={state.drawnAt ?? 0} />
  else if (phase === 'paused') words = t('wall.paused')
  else if (refused?.status === 404 && !refused.body.reason) words = `✕ ${t('wall.gone')}`
  else if (refused && (phase !== 'ended' || !state.reason)) words = `✕ ${errorText(refused, t, has)}`
  else if (phase === 'still') words = t(state.reason === 'insecure' ? 'wall.stillOnly' : 'wall.stillMasked')
  else if (phase === 'connecting') words = `… ${t('video.connecting')}`
  else words = `✕ ${whyText(state, t, has)}`

  return (
    <figure ref={tile} className={`tile tile-${refused && phase !== 'live' ? 'ended' : phase}`} data-testid={`tile-camera-${id}`} data-phase={phase}>
      <canvas ref={canvas} width={16} height={9} hidden={!drawn} aria-hidden />
      {!drawn && still.blob && <StillPicture blob={still.blob} />}
      <figcaption>
        <span className="tile-name truncate">
          <span className={`status-${status}`}>
            <Icon name="camera" size="1em" />
          </span>{' '}
          {String(row?.name ?? id)}
          {status !== 'online' && ` · ${t(`state.camera.${status}`)}`}
        </span>
        {turns && alone && (
          <Button small aria-expanded={turning} onPress={() => setTurning(!turning)} data-testid="tile-ptz">
            {t('wall.turn')}
          </Button>
        )}
        {onClear && <IconButton icon="close" label={t('wall.clear')} onPress={onClear} />}
      </figcaption>
      <p className="tile-state" role="status">
        <span>{words}</span>
        {!drawn && still.came !== undefined && <StillAge came={still.came} />}
        {phase === 'ended' && (
          <Button small onPress={() => setRound(round + 1)}>
            {t('video.retry')}
          </Button>
        )}
      </p>
      {turns && alone && turning && (
        <div className="tile-ptz" draggable onDragStart={(event) => (event.preventDefault(), event.stopPropagation())} onDoubleClick={(event) => event.stopPropagation()}>
          <Ptz id={id} host={host} />
        </div>
      )}
    </figure>
  )
}
