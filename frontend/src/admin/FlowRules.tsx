import type { TimeRules } from '../api/types'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { TextInput } from '../ui/Field'

type Flow = TimeRules['flow']
type Condition = TimeRules['conditions'][number]

const numbers = [
  ['max_extensions', 'flow.maxExtensions', 0, 20],
  ['appeal_days', 'flow.appealDays', 1, 366],
  ['urge_minutes', 'flow.urgeMinutes', 1, 10_080],
  ['supervise_hours', 'flow.superviseHours', 1, 8784],
] as const

/** What bounds requests, and under which conditions cases are filed and closed; of one category these alone. */
export function FlowRules({ only, flow, onFlow, conditions, onConditions }: { only?: string; flow: Flow; onFlow: (flow: Flow) => void; conditions: readonly Condition[]; onConditions: (conditions: Condition[]) => void }) {
  const { t } = useText()
  const set = (i: number, what: Partial<Condition>) => onConditions(conditions.map((each, j) => (j === i ? { ...each, ...what } : each)))
  const cell = (i: number, field: 'category' | 'code' | 'name' | 'name_en' | 'closing' | 'closing_en', label: string, most: number) => (
    <TextInput label="" aria-label={label} value={conditions[i]![field] ?? ''} maxLength={most} onChange={(text) => set(i, { [field]: text })} />
  )
  return (
    <>
      {!only && (
        <>
          <h3>{t('flow.limits')}</h3>
          <div className="rules-flow">
            {numbers.map(([field, label, low, high]) => (
              <TextInput key={field} label={t(label)} name={field} inputMode="numeric" value={String(flow[field])} onChange={(text) => onFlow({ ...flow, [field]: Number(text.replace(/\D/g, '')) })} error={flow[field] >= low && flow[field] <= high ? undefined : `${low} – ${high}`} />
            ))}
          </div>
        </>
      )}
      <h3>{t('flow.conditions')}</h3>
      <table className="grid rules" data-testid="conditions">
        <thead>
          <tr>
            <th scope="col">{t('admin.ruleCategory')}</th>
            <th scope="col">{t('flow.conditionCode')}</th>
            <th scope="col">{t('flow.conditionName')}</th>
            <th scope="col">{t('flow.whatEN')}</th>
            <th scope="col">{t('flow.conditionClosing')}</th>
            <th scope="col">{t('flow.whatEN')}</th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {conditions.map((condition, i) => only && condition.category !== only ? null : (
            <tr key={i} data-testid="condition-row">
              <td>{cell(i, 'category', t('admin.ruleCategory'), 5)}</td>
              <td>{cell(i, 'code', t('flow.conditionCode'), 32)}</td>
              <td>{cell(i, 'name', t('flow.conditionName'), 120)}</td>
              <td>{cell(i, 'name_en', `${t('flow.conditionName')} (EN)`, 120)}</td>
              <td>{cell(i, 'closing', t('flow.conditionClosing'), 500)}</td>
              <td>{cell(i, 'closing_en', `${t('flow.conditionClosing')} (EN)`, 500)}</td>
              <td className="grid-action">
                <IconButton icon="close" label={t('flow.conditionRemove')} onPress={() => onConditions(conditions.filter((_, j) => j !== i))} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="rules-more">
        <Button icon="plus" onPress={() => onConditions([...conditions, { category: only ?? '', code: '', name: '' }])}>
          {t('flow.conditionAdd')}
        </Button>
      </div>
    </>
  )
}
