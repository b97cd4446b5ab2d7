import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { ApiError, asApiError, fromAnswer } from '../../api/error'
import { useText } from '../../i18n'
import '../../i18n/wall'
import { serverNow, useNow } from '../../lib/clock'
import { duration } from '../../lib/time'
import type { PlayerState } from './player'

/** Where there are no live pictures a still is asked for so often; the server makes none that are newer. */
const STILL_MS = 10_000

/** Reasons for which a camera has stills and no live picture here: the page can show none, or the server may not transcode one more with masks. */
export const stillReasons: readonly (string | undefined)[] = ['insecure', 'too_many_transcodes']

/** Reasons for which stills stand in for the live picture until there is one: a budget is used up, or the picture cannot be shown as it comes. */
const meanwhile: readonly (string | undefined)[] = [...stillReasons, 'transcode_budget', 'codec', 'too_many_streams', 'too_many_viewers', 'device_busy']

/** Whether stills are asked for again and again, for want of a live picture. */
export const standsIn = ({ phase, reason }: PlayerState) => (phase === 'broken' || phase === 'ended') && meanwhile.includes(reason)

/** Drawn, since the page's policy takes pictures from the server's addresses alone. */
export function StillPicture({ blob }: { blob: Blob }) {
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

export function StillAge({ came }: { came: number }) {
  const { t } = useText()
  useNow(1)
  return <span className="tile-age">▲ {t('wall.still', { age: duration(Math.max(0, serverNow() - came), t) })}</span>
}

/** A still with its moment on the server's clock. One look is one line in the audit log: it is asked for once where a live picture follows. */
export function useStill(id: number, wanted: boolean, repeated: boolean): { blob?: Blob; came?: number; error: ApiError | null } {
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
