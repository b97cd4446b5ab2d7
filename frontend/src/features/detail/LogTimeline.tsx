import type { LogEntry } from '../../api/types'
import { useText } from '../../i18n'
import { clock, moment, stamp } from '../../lib/time'
import { logText } from './logText'

/** Every step of a case, the newest first: when, who, what, and why. */
export function LogTimeline({ log }: { log: readonly LogEntry[] }) {
  const { t, has, locale } = useText()
  const today = new Date().toDateString()
  return (
    <ol className="timeline">
      {[...log].reverse().map((entry) => (
        <li key={entry.id} className="timeline-row" data-testid="log-entry" data-move={entry.move}>
          <time className="timeline-time" dateTime={entry.source_time} title={stamp(entry.source_time, locale)}>
            {new Date(entry.source_time).toDateString() === today ? clock(entry.source_time, locale) : moment(entry.source_time, locale)}
          </time>
          <div className="timeline-what">
            <p>
              <b>{logText(entry, t, has)}</b>{' '}
              <span className="timeline-who">{entry.actor_name}</span>{' '}
              {entry.to && entry.to !== entry.from && has(`state.incident.${entry.to}`) && <span className="timeline-to">{t(`state.incident.${entry.to}`)}</span>}
            </p>
            {entry.reason && <p className="timeline-why">{entry.reason}</p>}
          </div>
        </li>
      ))}
    </ol>
  )
}
