import { useEffect, useState } from 'react'
import type { IncidentDetail } from '../../api/types'
import { useText } from '../../i18n'
import { moveWith } from '../detail/moveWith'
import type { CaseFlow } from './flowQuery'

/** Under which condition a case is filed, what has to be so when it is closed, and as what: chosen here, said with the move. */
export function Conditions({ detail: { incident, moves }, flow }: { detail: IncidentDetail; flow: CaseFlow }) {
  const { t, locale } = useText()
  const [chosen, setChosen] = useState(moveWith.get(incident.id) ?? {})
  const files = flow.conditions.length > 0 && moves.some(({ move }) => move === 'file')
  const passes = moves.some(({ move }) => move === 'pass')
  useEffect(() => {
    moveWith.set(incident.id, chosen)
    return () => void moveWith.delete(incident.id)
  }, [chosen, incident.id])
  const text = (zh?: string, en?: string) => (locale === 'en' && en) || zh || ''
  const { condition } = flow
  return (
    <>
      {condition && (
        <p className="flow-condition" data-testid="condition">
          <b>{t('flow.condition')}</b> {text(condition.name, condition.name_en)}
        </p>
      )}
      {condition?.closing && (
        <p className={`flow-condition${incident.state === 'checking' ? ' flow-now' : ''}`} data-testid="closing-condition">
          <b>{t('flow.closing')}</b> {text(condition.closing, condition.closing_en)}
        </p>
      )}
      {files && (
        <label className="flow-choose">
          <span>{t('flow.conditionPick')}</span>
          <select value={chosen.condition ?? ''} onChange={(event) => setChosen({ ...chosen, condition: event.target.value || undefined })} data-testid="pick-condition">
            <option value="">{t('flow.conditionNone')}</option>
            {flow.conditions.map((each) => (
              <option key={`${each.category} ${each.code}`} value={each.code}>
                {text(each.name, each.name_en)}
              </option>
            ))}
          </select>
        </label>
      )}
      {passes && (
        <label className="flow-choose">
          <span>{t('flow.closingKind')}</span>
          <select value={chosen.closing ?? ''} onChange={(event) => setChosen({ ...chosen, closing: (event.target.value || undefined) as 'error' | undefined })} data-testid="pick-closing">
            <option value="">{t('flow.closed.normal')}</option>
            <option value="error">{t('flow.closed.error')}</option>
            <option value="special">{t('flow.closed.special')}</option>
          </select>
        </label>
      )}
    </>
  )
}
