import type { Proposal } from '../../api/types'
import { select } from '../../app/router'
import { useText } from '../../i18n'
import '../../i18n/reports'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Likeness } from './Likeness'
import './reports.css'

/** Cases that may be the same thing, each with why, and what to do about it. */
export function Similar({ items, action, busy, onAct }: { items: Proposal[]; action: string; busy?: boolean; onAct: (item: Proposal) => void }) {
  const { t, locale } = useText()
  return (
    <ul className="similar" data-testid="similar">
      {items.map((item) => (
        <li key={item.incident.id} className="similar-one" data-testid={`similar-${item.incident.id}`}>
          <SeveritySign level={asSeverity(item.incident.severity)} size="1.3em" />
          <button type="button" className="similar-title" onClick={() => select({ layer: 'incident', id: item.incident.id })}>
            {item.incident.title}
          </button>
          <span className="similar-state">
            {t(`state.incident.${item.incident.state}`)} · {moment(item.incident.created_at, locale)}
          </span>
          <Likeness candidate={item} />
          <Button small isDisabled={busy} onPress={() => onAct(item)} aria-label={`${action} ${item.incident.number}`}>
            {action}
          </Button>
        </li>
      ))}
    </ul>
  )
}
