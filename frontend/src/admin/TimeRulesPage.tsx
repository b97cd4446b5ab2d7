import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { categoriesQuery } from '../api/queries'
import type { TimeRules } from '../api/types'
import { nameIn } from '../domain/names'
import { useAreas } from '../domain/useAreas'
import { CategoryName } from '../features/detail/CategoryName'
import { useText } from '../i18n'
import '../i18n/dictionary'
import '../i18n/flow'
import { Button, IconButton } from '../ui/Button'
import { Checks } from '../ui/Checks'
import { FieldGroup, TextInput } from '../ui/Field'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { AdminHead } from './AdminHead'
import { FlowRules } from './FlowRules'
import { daysText, parseDays, parseWindows, windowsText } from './timeRules'

const stages = ['accepting', 'verifying', 'handling', 'checking', 'hop'] as const
const kinds = ['urgent_hour', 'work_hour', 'work_day', 'natural_day'] as const
const key = ['timerules']
type Limit = TimeRules['limits'][number]

/** How long each stage of a case may take, and which hours and days count; or what of it is said of one category. */
export function TimeRulesPage({ only }: { only?: string }) {
  const { t } = useText()
  const rules = useQuery({ queryKey: key, staleTime: 0, refetchOnMount: 'always', queryFn: () => take(api.GET('/api/timerules')) })
  if (rules.isPending) return <Loading text={t('app.loading')} />
  if (rules.isError) return <Failure error={rules.error} onRetry={() => void rules.refetch()} />
  return <Form key={rules.data.version} rules={rules.data} only={only} />
}

function Form({ rules, only }: { rules: TimeRules; only?: string }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const client = useQueryClient()
  const words = [t('admin.ruleOff'), t('admin.ruleWork')] as const
  const [limits, setLimits] = useState(() => rules.limits.map((limit) => ({ ...limit, text: String(limit.amount) })))
  const [windows, setWindows] = useState(() => windowsText(rules.windows))
  const [week, setWeek] = useState(() => rules.week.map(String))
  const [conditions, setConditions] = useState(rules.conditions)
  const [flow, setFlow] = useState(rules.flow)
  const [days, setDays] = useState(() => daysText(rules.days, words))
  const readWindows = parseWindows(windows)
  const readDays = parseDays(days)
  const amounts = limits.map(({ text }) => Number(text.replace(',', '.')))
  const wrongAmount = (i: number) => !(amounts[i]! >= 0.05 && amounts[i]! <= 8784)
  const ready = !('wrong' in readWindows) && !('wrong' in readDays) && !amounts.some((_, i) => wrongAmount(i))
  const save = useMutation({
    mutationFn: () =>
      take(
        api.PUT('/api/timerules', {
          body: {
            limits: limits.map(({ text: _, ...limit }, i) => ({ ...limit, amount: amounts[i]!, standard: limit.category ? limit.standard || 'gbt47678.5-2026' : '' })),
            windows: readWindows as TimeRules['windows'],
            week: week.map(Number).sort(),
            days: readDays as TimeRules['days'],
            conditions: conditions.map((each) => ({ ...each, standard: each.category ? each.standard || 'gbt47678.5-2026' : '' })),
            flow,
            version: rules.version,
          },
        }),
      ),
    onSuccess: ({ changed }) => {
      notify('done', t('admin.rulesSaved', { n: changed }))
      void client.invalidateQueries({ queryKey: key })
    },
  })
  const set = (i: number, what: Partial<Limit & { text: string }>) => setLimits((now) => now.map((limit, j) => (j === i ? { ...limit, ...what } : limit)))
  return (
    <section aria-labelledby="rules-title">
      <AdminHead id="rules-title" title={<>{t(only ? 'dictionary.rules' : 'admin.rules')}{only && <> · <CategoryName code={only} /> {only}</>}</>} hint={t(only ? 'dictionary.rulesHint' : 'admin.rulesHint')}>
        <Button look="primary" isDisabled={!ready || save.isPending} onPress={() => save.mutate()} data-testid="save-rules">
          {t('app.save')}
        </Button>
      </AdminHead>
      {save.error && <Failure compact error={save.error} onRetry={() => void client.invalidateQueries({ queryKey: key })} />}
      <table className="grid rules">
        <thead>
          <tr>
            <th scope="col">{t('admin.ruleStage')}</th>
            <th scope="col">{t('admin.ruleCategory')}</th>
            <th scope="col">{t('flow.ruleCondition')}</th>
            <th scope="col">{t('flow.ruleArea')}</th>
            <th scope="col">{t('admin.ruleSeverity')}</th>
            <th scope="col">{t('admin.ruleAmount')}</th>
            <th scope="col">{t('admin.ruleKind')}</th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {limits.map((limit, i) => only && limit.category !== only ? null : (
            <tr key={i} data-testid="rule">
              <td>
                <Select hideLabel label={t('admin.ruleStage')} value={limit.stage} choices={stages.map((id) => ({ id, text: t(`admin.stage.${id}`) }))} onChange={(stage) => set(i, { stage: stage as Limit['stage'] })} />
              </td>
              <td>
                <CategoryCell value={limit.category ?? ''} onChange={(category) => set(i, { category, condition: '' })} />
              </td>
              <td>
                {limit.category && (
                  <Select
                    hideLabel
                    label={t('flow.ruleCondition')}
                    value={limit.condition ?? ''}
                    choices={[{ id: '', text: t('app.all') }, ...conditions.filter((each) => !each.category || each.category === limit.category).map((each) => ({ id: each.code, text: nameIn(each, locale) }))]}
                    onChange={(condition) => set(i, { condition })}
                  />
                )}
              </td>
              <td>
                <Select
                  hideLabel
                  label={t('flow.ruleArea')}
                  value={limit.area_path ?? ''}
                  choices={[{ id: '', text: t('app.all') }, ...areas.towns().map((town) => ({ id: town.path, text: nameIn(town, locale) }))]}
                  onChange={(area_path) => set(i, { area_path })}
                />
              </td>
              <td>
                <Select
                  hideLabel
                  label={t('admin.ruleSeverity')}
                  value={String(limit.severity ?? 0)}
                  choices={[0, 1, 2, 3].map((level) => ({ id: String(level), text: level ? t(`severity.${level}`) : t('app.all') }))}
                  onChange={(level) => set(i, { severity: Number(level) })}
                />
              </td>
              <td>
                <TextInput label="" aria-label={t('admin.ruleAmount')} inputMode="decimal" value={limit.text} onChange={(text) => set(i, { text })} error={wrongAmount(i) ? '0.05 – 8784' : undefined} />
              </td>
              <td>
                <Select hideLabel label={t('admin.ruleKind')} value={limit.kind} choices={kinds.map((id) => ({ id, text: t(`admin.kind.${id}`) }))} onChange={(kind) => set(i, { kind: kind as Limit['kind'] })} />
              </td>
              <td className="grid-action">
                <IconButton icon="close" label={t('admin.ruleRemove')} onPress={() => setLimits((now) => now.filter((_, j) => j !== i))} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="rules-more">
        <Button icon="plus" onPress={() => setLimits((now) => [...now, { stage: 'handling', category: only ?? '', standard: '', severity: 0, kind: 'work_day', amount: 3, text: '3' }])}>
          {t('admin.ruleAdd')}
        </Button>
      </div>
      <FlowRules only={only} flow={flow} onFlow={setFlow} conditions={conditions} onConditions={setConditions} />
      {!only && (
        <div className="rules-calendar">
          <TextInput label={t('admin.ruleWindows')} value={windows} onChange={setWindows} error={'wrong' in readWindows ? t('admin.ruleWrong', { text: readWindows.wrong }) : undefined} hint="08:30-12:00 13:30-17:30" />
          <FieldGroup label={t('admin.ruleWeek')}>
            <Checks label={t('admin.ruleWeek')} value={week} choices={[1, 2, 3, 4, 5, 6, 0].map((day) => ({ id: String(day), text: t(`admin.weekday.${day}`) }))} onChange={setWeek} />
          </FieldGroup>
          <TextInput label={t('admin.ruleDays')} rows={12} value={days} onChange={setDays} error={'wrong' in readDays ? t('admin.ruleWrong', { text: readDays.wrong }) : undefined} hint={t('admin.ruleDaysHint')} />
        </div>
      )}
    </section>
  )
}

/** The code of a category, with its name beside it; empty for every one. */
function CategoryCell({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const { t, locale } = useText()
  const { data } = useQuery(categoriesQuery)
  const known = value ? data?.find((category) => category.code === value && category.kind === 'item') ?? data?.find((category) => category.code === value) : undefined
  return (
    <TextInput
      label=""
      aria-label={t('admin.ruleCategory')}
      placeholder={t('app.all')}
      value={value}
      onChange={(text) => onChange(text.trim())}
      maxLength={5}
      hint={known && nameIn(known, locale)}
      error={value && data && !known ? t('admin.ruleNoCategory') : undefined}
    />
  )
}
