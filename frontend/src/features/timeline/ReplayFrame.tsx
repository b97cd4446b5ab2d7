import { useQuery } from '@tanstack/react-query'
import { replaysQuery } from '../../api/queries'
import { useText } from '../../i18n'
import { useStore } from '../../lib/store'
import { duration, stamp } from '../../lib/time'
import { replayHead, replaying } from '../../live/replay'
import './timeline.css'

/** Around everything that shows the past, so that nobody takes it for the present, also from eight metres. */
export function ReplayFrame() {
  const { t, locale } = useText()
  const head = useStore(replayHead)
  const { data: history } = useQuery({ ...replaysQuery, enabled: replaying })
  if (!replaying) return null
  const coarse = Math.max(0, ...(history?.thinned ?? []).map(({ before, step_s }) => (head && Date.parse(head.at) < Date.parse(before) ? step_s : 0)))
  return (
    <div className="replay-frame" data-testid="replay-frame">
      <strong className="replay-tag" role="status" aria-live="off">
        <span>{t('replay.tag')}</span>
        {head && (
          <>
            <time dateTime={head.at} data-testid="replay-at">{stamp(head.at, locale)}</time>
            {coarse > 0 && <span data-testid="replay-coarse">{t('replay.coarse', { step: duration(coarse * 1000, t) })}</span>}
            <span>{head.ended ? t('replay.ended') : head.playing ? `×${head.speed}` : t('replay.paused')}</span>
          </>
        )}
      </strong>
    </div>
  )
}
