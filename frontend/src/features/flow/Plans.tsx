import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../../api/client'
import { errorText } from '../../api/error'
import { textOr, useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { moment } from '../../lib/time'
import { Icon } from '../../ui/icons'
import { type FiredPlan, flowQuery } from './flowQuery'

type Step = FiredPlan['steps'][number]

/** The plans that a case was given: who does what by when, ticked when it is done. */
export function Plans({ incident, plans, mayTick }: { incident: number; plans: readonly FiredPlan[]; mayTick: boolean }) {
  const { t, locale } = useText()
  return (
    <>
      {plans.map((plan) => (
        <section key={plan.plan_id} className="detail-section" data-testid="plan">
          <header className="detail-section-head">
            <h3>
              {t('flow.plans')} · {(locale === 'en' && plan.title_en) || plan.title}
            </h3>
            <span className="detail-note">
              {t('flow.planDone', { done: plan.steps.filter((step) => step.done_at).length, all: plan.steps.length })} · {t('flow.planVersion', { n: plan.version })}
            </span>
          </header>
          {plan.text && <p className="flow-text">{plan.text}</p>}
          <ol className="plan-steps">
            {plan.steps.map((step) => (
              <Row key={step.id} incident={incident} step={step} mayTick={mayTick} />
            ))}
          </ol>
        </section>
      ))}
    </>
  )
}

function Row({ incident, step, mayTick }: { incident: number; step: Step; mayTick: boolean }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const now = useNow(10)
  const done = !!step.done_at
  const over = !done && !!step.due_at && Date.parse(step.due_at) < now
  const what = (locale === 'en' && step.what_en) || step.what
  const tick = useMutation({
    mutationFn: () => take(api.POST('/api/incidents/{id}/steps/{step}', { params: { path: { id: incident, step: step.id } }, body: { done: !done, note: note.trim() } })),
    onSettled: () => {
      setNote('')
      void client.invalidateQueries({ queryKey: ['incident', incident] })
      void client.invalidateQueries({ queryKey: flowQuery(incident).queryKey })
    },
  })
  const who = textOr(t, has, `role.${step.who}`, textOr(t, has, `kind.${step.who}`, step.who))
  return (
    <li className="plan-step" data-done={done || undefined} data-over={over || undefined} data-testid="plan-step">
      <button
        type="button"
        className="plan-tick"
        role="checkbox"
        aria-checked={done}
        aria-label={t(done ? 'flow.untick' : 'flow.tick', { what })}
        disabled={!mayTick || tick.isPending}
        onClick={() => tick.mutate()}
      >
        {done && <Icon name="check" size="1em" />}
      </button>
      <div className="plan-what">
        <span>{what}</span>
        <span className="plan-meta">
          <b>{who}</b>
          {step.required && <span>{t('flow.required')}</span>}
          {done ? (
            <span>{t('flow.stepBy', { who: step.done_by, time: moment(step.done_at!, locale) })}</span>
          ) : (
            step.due_at && (
              <span className="plan-due">
                {over && <Icon name="alert" size="1em" />}
                {t('flow.stepDue', { time: moment(step.due_at, locale) })}
                {over && ` · ${t('flow.stepOver')}`}
              </span>
            )
          )}
          {step.note && <span>{step.note}</span>}
        </span>
        {tick.error && (
          <span className="flow-warn" role="alert">
            {errorText(tick.error, t, has)}
          </span>
        )}
      </div>
      {mayTick && !done && <input className="plan-note" aria-label={t('flow.stepNote')} placeholder={t('flow.stepNote')} value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />}
    </li>
  )
}
