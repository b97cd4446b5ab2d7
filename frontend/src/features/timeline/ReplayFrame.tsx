import { useText } from '../../i18n'
import { useStore } from '../../lib/store'
import { stamp } from '../../lib/time'
import { replayHead, replaying } from '../../live/replay'
import './timeline.css'

/** Around everything that shows the past, so that nobody takes it for the present, also from eight metres. */
export function ReplayFrame() {
  const { t, locale } = useText()
  const head = useStore(replayHead)
  if (!replaying) return null
  return (
    <div className="replay-frame" data-testid="replay-frame">
      <strong className="replay-tag" role="status" aria-live="off">
        <span>{t('replay.tag')}</span>
        {head && (
          <>
            <time dateTime={head.at} data-testid="replay-at">{stamp(head.at, locale)}</time>
            <span>{head.ended ? t('replay.ended') : head.playing ? `×${head.speed}` : t('replay.paused')}</span>
          </>
        )}
      </strong>
    </div>
  )
}
