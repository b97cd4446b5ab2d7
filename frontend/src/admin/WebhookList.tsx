import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { catalogQuery } from '../api/queries'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { ConfirmDialog } from './ConfirmDialog'
import { DeadEvents } from './DeadEvents'
import { WebhookForm } from './WebhookForm'
import { type Webhook, deliveryFailure, stateLabel, webhookState, webhooksKey } from './webhooks'

/** Who of other systems is told of changes, how far each has heard, and what it did not take. */
export function WebhookList() {
  const { t, locale } = useText()
  const client = useQueryClient()
  const hooks = useQuery({ queryKey: webhooksKey, queryFn: async () => (await take(api.GET('/api/webhooks'))).items, staleTime: 0, refetchInterval: 10_000 })
  const { data: catalog } = useQuery(catalogQuery)
  const [making, setMaking] = useState(false)
  const [deleting, setDeleting] = useState<Webhook | null>(null)
  const [reading, setReading] = useState<Webhook | null>(null)
  const pause = useMutation({
    mutationFn: (w: Webhook) => take(api.PUT('/api/webhooks/{id}', { params: { path: { id: w.id } }, body: { paused: !w.paused } })),
    onSettled: () => client.invalidateQueries({ queryKey: webhooksKey }),
  })
  if (hooks.isPending) return <Loading text={t('app.loading')} />
  if (hooks.isError) return <Failure error={hooks.error} onRetry={() => void hooks.refetch()} />
  return (
    <section aria-labelledby="webhooks-title">
      <AdminHead id="webhooks-title" title={t('admin.webhooks')} hint={t('admin.webhooksHint')}>
        <NewButton testid="new-webhook" text={t('admin.newWebhook')} onPress={() => setMaking(true)} />
      </AdminHead>
      {pause.error && <Failure compact error={pause.error} />}
      {hooks.data.length === 0 ? (
        <Empty icon="list" title={t('admin.webhooksEmpty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('admin.webhookName')}</th>
              <th scope="col">{t('admin.webhookLayer')}</th>
              <th scope="col">{t('admin.login')}</th>
              <th scope="col">{t('admin.webhookState')}</th>
              <th scope="col">{t('admin.webhookDelivered')}</th>
              <th scope="col">{t('admin.webhookDead')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {hooks.data.map((w) => {
              const state = webhookState(w)
              return (
                <tr key={w.id} data-testid="webhook" data-state={state}>
                  <th scope="row">
                    {w.name}
                    <div className="grid-details">
                      {w.kind !== 'event' && `${t(`admin.kind_${w.kind}`)} · `}
                      {w.url}
                    </div>
                  </th>
                  <td>
                    {catalog?.layers.find((l) => l.name === w.layer)?.title[locale] || w.layer}
                    {w.filter && <div className="grid-details">{w.filter}</div>}
                  </td>
                  <td>{w.login}</td>
                  <td>
                    {t(stateLabel[state], { n: w.failing })}
                    {w.last_error && <div className="grid-details">{t(deliveryFailure(w.last_error).key, deliveryFailure(w.last_error))}</div>}
                  </td>
                  <td>{w.delivered_at ? stamp(w.delivered_at, locale) : t('admin.never')}</td>
                  <td>
                    {w.dead === 0 ? (
                      '0'
                    ) : (
                      <Button onPress={() => setReading(w)} aria-label={t('admin.webhookDeadTitle', { name: w.name })}>
                        {String(w.dead)}
                      </Button>
                    )}
                  </td>
                  <td className="grid-action">
                    <Button isDisabled={pause.isPending} onPress={() => pause.mutate(w)} aria-label={`${t(w.paused ? 'admin.webhookResume' : 'admin.webhookPause')} ${w.name}`}>
                      {t(w.paused ? 'admin.webhookResume' : 'admin.webhookPause')}
                    </Button>{' '}
                    <Button onPress={() => setDeleting(w)} aria-label={`${t('admin.webhookDelete')} ${w.name}`}>
                      {t('admin.webhookDelete')}
                    </Button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {making && <WebhookForm onClose={() => setMaking(false)} />}
      {reading && <DeadEvents webhook={reading} onClose={() => setReading(null)} />}
      {deleting && (
        <ConfirmDialog
          title={t('admin.webhookDeleteTitle', { name: deleting.name })}
          hint={t('admin.webhookDeleteHint')}
          action={t('admin.webhookDelete')}
          done={t('admin.webhookDeleted', { name: deleting.name })}
          act={() => take(api.DELETE('/api/webhooks/{id}', { params: { path: { id: deleting.id } } }))}
          queryKey={webhooksKey}
          onClose={() => setDeleting(null)}
          testid="delete-webhook"
        />
      )}
    </section>
  )
}
