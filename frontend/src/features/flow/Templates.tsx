import { useQuery } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import { nameIn } from '../../domain/names'
import { useText } from '../../i18n'
import '../../i18n/flow'
import type { SeverityLevel } from '../../ui/Severity'
import './flow.css'
import { plansQuery } from './plansQuery'

interface Picked {
  title: string
  category: string
  severity: SeverityLevel
  text: string
}

/** Fills in the form of a new case from a template, and offers the filing conditions of its category. */
export default function Templates({ onPick, category, condition, onCondition }: { onPick: (picked: Picked) => void; category: string | null; condition: string; onCondition: (code: string) => void }) {
  const { t, locale } = useText()
  const templates = (useQuery(plansQuery).data ?? []).filter((plan) => plan.kind === 'template' && !plan.retired && plan.published)
  const rules = useQuery({ queryKey: ['timerules'], queryFn: () => take(api.GET('/api/timerules')), staleTime: 300_000, enabled: !!category })
  const conditions = (rules.data?.conditions ?? []).filter((each) => category && each.category === category)
  return (
    <>
      {templates.length > 0 && (
        <label className="create-template">
          <span className="field-label">{t('flow.template')}</span>
          <select
            defaultValue=""
            onChange={(event) => {
              const content = templates.find(({ id }) => String(id) === event.target.value)?.published
              if (!content) return
              onCondition('')
              onPick({ title: (locale === 'en' && content.title_en) || content.title, category: content.category ?? '', severity: (content.severity || 2) as SeverityLevel, text: content.text ?? '' })
            }}
            data-testid="template"
          >
            <option value="">{t('flow.templateNone')}</option>
            {templates.map(({ id, published }) => (
              <option key={id} value={id}>
                {(locale === 'en' && published!.title_en) || published!.title}
              </option>
            ))}
          </select>
        </label>
      )}
      {conditions.length > 0 && (
        <label className="create-template">
          <span className="field-label">{t('flow.condition')}</span>
          <select value={conditions.some((each) => each.code === condition) ? condition : ''} onChange={(event) => onCondition(event.target.value)} data-testid="new-condition">
            <option value="">{t('flow.conditionNone')}</option>
            {conditions.map((each) => (
              <option key={each.code} value={each.code}>
                {nameIn(each, locale)}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  )
}
