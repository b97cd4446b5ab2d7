import type { Candidate } from '../../api/types'
import { useText } from '../../i18n'
import { likenessText } from './likeness'

/** How alike, as a bar and a number, and why. */
export function Likeness({ candidate }: { candidate: Candidate }) {
  const { t } = useText()
  const percent = Math.round(candidate.score * 100)
  return (
    <span className="alike">
      <span className="alike-bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span className="alike-share">{t('reports.alike', { percent })}</span>
      <span className="alike-why">{likenessText(candidate, t)}</span>
    </span>
  )
}
