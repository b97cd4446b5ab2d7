import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { type Plan, type PlanContent, type PlanStep, plansQuery } from '../features/flow/plansQuery'
import { textOr, useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import '../features/flow/flow.css'

const people: PlanStep['who'][] = ['dispatcher', 'duty_officer', 'supervisor', 'team', 'grid_worker', 'department', 'drone_crew']
const shown = ['title', 'title_en', 'category', 'severity', 'area_path', 'text', 'steps']

/** The draft of a plan or template. What is published stays as it is until this is published, too. */
export function PlanForm({ plan, kind, onClose }: { plan: Plan | null; kind: Plan['kind']; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [form, setForm] = useState<PlanContent>(() => plan?.draft ?? plan?.published ?? { title: '', severity: kind === 'plan' ? 0 : 2, steps: [] })
  const steps = form.steps ?? []
  const change = (what: Partial<PlanContent>) => setForm((now) => ({ ...now, ...what }))
  const setStep = (i: number, what: Partial<PlanStep>) => change({ steps: steps.map((step, j) => (j === i ? { ...step, ...what } : step)) })
  const save = useMutation({
    mutationFn: () => {
      const { steps: _, ...rest } = form
      const draft = { ...rest, standard: form.category ? form.standard || 'gbt47678.5-2026' : '', ...(kind === 'plan' ? { steps } : {}) }
      return plan ? take(api.PUT('/api/plans/{id}', { params: { path: { id: plan.id } }, body: { kind, draft, revision: plan.revision } })) : take(api.POST('/api/plans', { body: { kind, draft } }))
    },
    onSuccess: () => {
      notify('done', t('flow.saved'))
      void client.invalidateQueries({ queryKey: plansQuery.queryKey })
      onClose()
    },
  })
  const wrong = (field: string) => fieldText(save.error, `draft.${field}`, t, has)
  const wrongStep = steps.map((_, i) => ['who', 'what', 'what_en', 'minutes'].map((field) => wrong(`steps.${i}.${field}`)).find(Boolean))
  return (
    <FormDialog
      title={plan ? t(`flow.planKind.${kind}`) : t(kind === 'plan' ? 'flow.newPlan' : 'flow.newTemplate')}
      testid="plan-form"
      error={save.error}
      told={shown.some((field) => wrong(field)) || wrongStep.some(Boolean)}
      isPending={save.isPending}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <div className="flow-pair">
        <TextInput label={t('flow.name')} name="plan-title" value={form.title} onChange={(title) => change({ title })} maxLength={120} autoFocus error={wrong('title')} />
        <TextInput label={t('flow.nameEN')} name="plan-title-en" value={form.title_en ?? ''} onChange={(title_en) => change({ title_en })} maxLength={120} error={wrong('title_en')} />
        <TextInput label={t('flow.category')} name="plan-category" value={form.category ?? ''} onChange={(category) => change({ category: category.trim() })} maxLength={8} error={wrong('category')} />
        <Select
          label={t(kind === 'plan' ? 'flow.severity' : 'flow.severityOf')}
          value={String(form.severity ?? 0)}
          choices={(kind === 'plan' ? [0, 1, 2, 3] : [1, 2, 3]).map((level) => ({ id: String(level), text: level ? t(`severity.${level}`) : t('app.all') }))}
          onChange={(level) => change({ severity: Number(level) })}
        />
      </div>
      {kind === 'plan' && <TextInput label={t('flow.area')} name="plan-area" value={form.area_path ?? ''} onChange={(area_path) => change({ area_path: area_path.trim() })} error={wrong('area_path')} />}
      <TextInput label={t(kind === 'plan' ? 'flow.text' : 'flow.description')} name="plan-text" rows={3} value={form.text ?? ''} onChange={(text) => change({ text })} maxLength={8000} error={wrong('text')} />
      {kind === 'plan' && (
        <FieldGroup label={t('flow.steps')} error={wrong('steps')}>
          <ol className="plans-steps">
            {steps.map((step, i) => (
              <li key={i} className="plans-step" data-testid="plan-form-step">
                <select aria-label={t('flow.who')} value={step.who} onChange={(event) => setStep(i, { who: event.target.value as PlanStep['who'] })}>
                  {people.map((who) => (
                    <option key={who} value={who}>
                      {textOr(t, has, `role.${who}`, textOr(t, has, `kind.${who}`, who))}
                    </option>
                  ))}
                </select>
                <input aria-label={t('flow.what')} placeholder={t('flow.what')} value={step.what} maxLength={300} onChange={(event) => setStep(i, { what: event.target.value })} />
                <input aria-label={t('flow.whatEN')} placeholder={t('flow.whatEN')} value={step.what_en ?? ''} maxLength={300} onChange={(event) => setStep(i, { what_en: event.target.value })} />
                <input type="number" min={0} max={43200} aria-label={t('flow.minutes')} placeholder={t('flow.minutes')} value={step.minutes || ''} onChange={(event) => setStep(i, { minutes: Number(event.target.value) })} />
                <label className="flow-check">
                  <input type="checkbox" checked={!!step.required} onChange={(event) => setStep(i, { required: event.target.checked })} />
                  {t('flow.required')}
                </label>
                <IconButton icon="close" label={t('flow.stepRemove')} onPress={() => change({ steps: steps.filter((_, j) => j !== i) })} />
                {wrongStep[i] && (
                  <span className="flow-warn" role="alert">
                    {wrongStep[i]}
                  </span>
                )}
              </li>
            ))}
          </ol>
          <Button small icon="plus" onPress={() => change({ steps: [...steps, { who: 'dispatcher', what: '' }] })} data-testid="add-step">
            {t('flow.stepAdd')}
          </Button>
        </FieldGroup>
      )}
    </FormDialog>
  )
}
