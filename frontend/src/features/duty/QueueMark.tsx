import '../../i18n/duty'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { duration } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import { Icon } from '../../ui/icons'
import './duty.css'
import { unanswered, worst } from './unanswered'

/** On a case that a unit was sent to and did not acknowledge: a triangle, a flag once the shift leader is told, and for how long. Where there is room it says whom. */
export default function QueueMark({ incident, whole }: { incident: number; whole?: boolean }) {
  const found = worst(unanswered(useLayer('task')), incident)
  return found && <Mark level={found.level} since={found.since} whole={whole} />
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
