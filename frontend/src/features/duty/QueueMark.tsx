import '../../i18n/duty'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { duration } from '../../lib/time'
import { useLayer, useRow } from '../../live/hooks'
import { Icon } from '../../ui/icons'
import './duty.css'
import { unanswered, worst } from './unanswered'

/** What a case waits for: a unit that does not acknowledge, an answer to a supervision, a decision. On a case that a unit was sent to and did not acknowledge: a triangle, a flag once the shift leader is told, and for how long. Where there is room it says whom. */
export default function QueueMark({ incident, whole }: { incident: number; whole?: boolean }) {
  const found = worst(unanswered(useLayer('task')), incident)
  return (
    <>
      {found && <Mark level={found.level} since={found.since} whole={whole} />}
      <Asked incident={incident} />
    </>
  )
}

/** A supervision that is open, with its level, and requests that wait for the shift leader. */
function Asked({ incident }: { incident: number }) {
  const { t } = useText()
  const row = useRow('incident', incident)
  const level = Number(row?.supervised ?? 0)
  const asks = Number(row?.asks ?? 0)
  return (
    <>
      {level > 0 && (
        <span className="unanswered" data-level="2" data-testid="supervised">
          <Icon name="eye" size="1.1em" />
          {t('duty.supervised', { n: level })}
        </span>
      )}
      {asks > 0 && (
        <span className="unanswered" data-level="1" data-testid="asks">
          <Icon name="clock" size="1.1em" />
          {t('duty.asks', { n: asks })}
        </span>
      )}
    </>
  )
}

function Mark({ level, since, whole }: { level: 1 | 2; since: number; whole?: boolean }) {
  const { t } = useText()
  const now = useNow(5)
  return (
    <span className="unanswered" data-level={level} data-testid="unanswered">
      <Icon name={level === 2 ? 'flag' : 'alert'} size="1.1em" />
      {t(whole && level === 2 ? 'duty.unansweredLeader' : 'duty.unanswered', { time: duration(now - since, t) })}
    </span>
  )
}
