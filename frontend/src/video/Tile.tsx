import { useQuery } from '@tanstack/react-query'
import i18next from 'i18next'
import { useEffect, useRef, useState } from 'react'
import { ApiError, asApiError, errorText, fromAnswer } from '../api/error'
import { Stopped } from '../features/sight/Live'
import { usePlayer, useShown } from '../features/sight/usePlayer'
import { useText } from '../i18n'
import { serverNow, useNow } from '../lib/clock'
import { useRow } from '../live/hooks'
import { Button, IconButton } from '../ui/Button'
import { Icon } from '../ui/icons'

/** Where there are no live pictures a still is asked for so often; the server makes none that are newer. */
const STILL_MS = 10_000

/** One camera on the wall: a still until the live picture is there, then that; its state in words and a sign over it. */
export function Tile({ id, small, onClear }: { id: number; small: boolean; onClear?: () => void }) {
  const { t } = useText()
  const tile = useRef<HTMLElement>(null) // the canvas is hidden at first, and what is hidden is never in view
  const canvas = useRef<HTMLCanvasElement>(null)
  const [round, setRound] = useState(0)
  const shown = useShown(tile)
  const row = useRow('camera', id)
  const state = usePlayer(id, canvas, shown, round, small)
  const drawn = state.drawnAt !== undefined
  const stills = state.reason === 'insecure' // and nothing else
  const still = useStill(id, shown && !drawn, stills || state.reason === 'transcode_budget' || state.reason === 'codec')
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
  else if (refused && (phase !== 'ended' || !state.reason)) words = `✕ ${errorText(refused, t, (key) => i18next.exists(key))}`
  else if (phase === 'still') words = t('wall.stillOnly')
  else if (phase === 'connecting') words = `… ${t('video.connecting')}`
  else words = `✕ ${t(`video.${state.reason ?? 'broken'}`, { codec: state.codec })}`

  return (
    <figure ref={tile} className={`tile tile-${refused && phase !== 'live' ? 'ended' : phase}`} data-testid={`tile-camera-${id}`} data-phase={phase}>
      <canvas ref={canvas} width={16} height={9} hidden={!drawn} aria-hidden />
      {!drawn && still.blob && <StillPicture blob={still.blob} />}
      <figcaption>
        <span className={`tile-name truncate status-${status}`}>
          <Icon name="camera" size="1em" /> {String(row?.name ?? id)}
          {status !== 'online' && ` · ${t(`state.camera.${status}`)}`}
        </span>
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
    </figure>
  )
}

/** Drawn, since the page's policy takes pictures from the server's addresses alone. */
function StillPicture({ blob }: { blob: Blob }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    let gone = false
    createImageBitmap(blob)
      .then((picture) => {
        const box = canvas.current
        if (!gone && box) {
          box.width = picture.width
          box.height = picture.height
          box.getContext('2d')?.drawImage(picture, 0, 0)
        }
        picture.close()
      })
      .catch((error: unknown) => console.warn('a still was not drawn:', error))
    return () => {
      gone = true
    }
  }, [blob])
  return <canvas ref={canvas} className="tile-picture" aria-hidden />
}

function StillAge({ came }: { came: number }) {
  const { t } = useText()
  useNow(1)
  return <span className="tile-age">▲ {t('wall.still', { age: `${Math.max(0, Math.round((serverNow() - came) / 1000))} s` })}</span>
}

/** A still with its moment on the server's clock. One look is one line in the audit log: it is asked for once where a live picture follows. */
function useStill(id: number, wanted: boolean, repeated: boolean): { blob?: Blob; came?: number; error: ApiError | null } {
  const found = useQuery({
    queryKey: ['still', id],
    enabled: wanted,
    retry: false,
    staleTime: STILL_MS,
    gcTime: STILL_MS,
    refetchInterval: repeated ? STILL_MS : false,
    queryFn: async ({ signal }) => {
      const answer = await fetch(`/api/cameras/${id}/snapshot`, { signal }).catch((cause: unknown) => {
        throw new ApiError('network', 0, {}, { cause })
      })
      if (!answer.ok) throw fromAnswer(answer.status, await answer.json().catch(() => null))
      return { blob: await answer.blob(), came: serverNow() - 1000 * Number(answer.headers.get('Age') ?? 0) }
    },
  })
  return { blob: found.data?.blob, came: found.data?.came, error: found.error ? asApiError(found.error) : null }
}
