import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { errorText } from '../api/error'
import { useAreas } from '../domain/useAreas'
import { CategoryName } from '../features/detail/CategoryName'
import { type Plan, plansQuery } from '../features/flow/plansQuery'
import { useText } from '../i18n'
import '../i18n/flow'
import { Button } from '../ui/Button'
import { notify } from '../ui/notices'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { PlanForm } from './PlanForm'

type Editing = { plan: Plan } | { kind: Plan['kind'] }

/** Plans and templates: each with what is published, and the draft beside it. */
export default function PlansPage() {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const areas = useAreas()
  const found = useQuery({ ...plansQuery, staleTime: 0 })
  const [editing, setEditing] = useState<Editing | null>(null)
  const move = useMutation({
    mutationFn: ({ plan, move }: { plan: Plan; move: 'publish' | 'retire' | 'restore' }) => take(api.POST('/api/plans/{id}/moves', { params: { path: { id: plan.id } }, body: { move, revision: plan.revision } })),
    onSuccess: (_, { move }) => notify('done', t(move === 'publish' ? 'flow.publishedNow' : move === 'retire' ? 'flow.retired' : 'flow.restore')),
    onError: (error) => notify('wrong', errorText(error, t, has)),
    onSettled: () => void client.invalidateQueries({ queryKey: plansQuery.queryKey }),
  })
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  return (
    <section aria-labelledby="plans-title">
      <AdminHead id="plans-title" title={t('flow.manage')} hint={t('flow.manageHint')}>
        <span className="flow-buttons">
          <Button icon="plus" onPress={() => setEditing({ kind: 'template' })} data-testid="new-template">
            {t('flow.newTemplate')}
          </Button>
          <NewButton testid="new-plan" text={t('flow.newPlan')} onPress={() => setEditing({ kind: 'plan' })} />
        </span>
      </AdminHead>
      {found.data.length === 0 ? (
        <Empty icon="list" title={t('flow.noPlans')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('flow.name')}</th>
              <th scope="col">{t('admin.ruleCategory')}</th>
              <th scope="col">{t('admin.ruleSeverity')}</th>
              <th scope="col">{t('flow.ruleArea')}</th>
              <th scope="col">{t('flow.steps')}</th>
              <th scope="col">{t('flow.published')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {found.data.map((plan) => {
              const content = (plan.draft ?? plan.published)!
              return (
                <tr key={plan.id} data-testid="plan-row">
                  <th scope="row">
                    {(locale === 'en' && content.title_en) || content.title}
                    <div className="grid-details">{[t(`flow.planKind.${plan.kind}`), plan.saved_by].filter(Boolean).join(' · ')}</div>
                  </th>
                  <td>{!content.category ? t('app.all') : content.category.length === 5 ? <CategoryName code={content.category} /> : `${content.category}…`}</td>
                  <td>{content.severity ? t(`severity.${content.severity}`) : t('app.all')}</td>
                  <td>{content.area_path ? areas.place(content.area_path, locale) || content.area_path : t('app.all')}</td>
                  <td>{content.steps?.length ?? ''}</td>
                  <td>
                    {plan.retired ? t('flow.retired') : plan.version ? t('flow.planVersion', { n: plan.version }) : '—'}
                    {plan.draft && <div className="grid-details">{t('flow.draft')}</div>}
                  </td>
                  <td className="grid-action">
                    <Button onPress={() => setEditing({ plan })} data-testid="edit-plan">
                      {t('knowledge.edit')}
                    </Button>{' '}
                    {plan.draft && (
                      <Button look="primary" isDisabled={move.isPending} onPress={() => move.mutate({ plan, move: 'publish' })} data-testid="publish-plan">
                        {t('flow.publish')}
                      </Button>
                    )}{' '}
                    {plan.version > 0 && (
                      <Button isDisabled={move.isPending} onPress={() => move.mutate({ plan, move: plan.retired ? 'restore' : 'retire' })}>
                        {t(plan.retired ? 'flow.restore' : 'flow.retire')}
                      </Button>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {editing && <PlanForm plan={'plan' in editing ? editing.plan : null} kind={'plan' in editing ? editing.plan.kind : editing.kind} onClose={() => setEditing(null)} />}
    </section>
  )
}
