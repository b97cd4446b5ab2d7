import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notices'
import { Empty, Failure, Loading } from '../ui/State'
import { ConfirmDialog } from './ConfirmDialog'
import { type Webhook, deadKey, deliveryFailure, webhooksKey } from './webhooks'

/** What a receiver did not take: sent again, or cleared. */
export function DeadEvents({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t, locale } = useText()
  const client = useQueryClient()
  const key = deadKey(webhook.id)
  const path = (event: string) => ({ params: { path: { id: webhook.id, event } } })
  const dead = useQuery({ queryKey: key, queryFn: async () => (await take(api.GET('/api/webhooks/{id}/dead', { params: { path: { id: webhook.id } } }))).items, staleTime: 0 })
  const again = () => Promise.all([client.invalidateQueries({ queryKey: key }), client.invalidateQueries({ queryKey: webhooksKey })])
  const resend = useMutation({
    mutationFn: (event: string) => take(api.POST('/api/webhooks/{id}/dead/{event}', path(event))),
    onSuccess: () => notify('done', t('admin.webhookResent')),
    onSettled: again,
  })
  const [burying, setBurying] = useState<string | null>(null)
  const busy = resend.isPending
  const { error } = resend
  return (
    <Dialog open title={t('admin.webhookDeadTitle', { name: webhook.name })} onClose={onClose} wide testid="dead-events">
      {dead.isPending ? (
        <Loading text={t('app.loading')} />
      ) : dead.isError ? (
        <Failure error={dead.error} onRetry={() => void dead.refetch()} />
      ) : dead.data.length === 0 ? (
        <Empty icon="list" title={t('admin.webhookDeadEmpty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('admin.webhookGivenUp')}</th>
              <th scope="col">{t('admin.webhookTries')}</th>
              <th scope="col">{t('admin.webhookReason')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {dead.data.map((event) => (
              <tr key={event.event_id} data-testid="dead-event">
                <th scope="row">{stamp(event.given_up_at, locale)}</th>
                <td>{event.attempts}</td>
                <td>{t(deliveryFailure(event.error).key, deliveryFailure(event.error))}</td>
                <td className="grid-action">
                  <Button isDisabled={busy} onPress={() => resend.mutate(event.event_id)}>
                    {t('admin.webhookResend')}
                  </Button>{' '}
                  <Button isDisabled={busy} onPress={() => setBurying(event.event_id)}>
                    {t('admin.webhookBury')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {error && <Failure compact error={error} />}
      {burying !== null && (
        <ConfirmDialog
          title={t('admin.webhookBurySure')}
          hint={t('admin.webhookBuryHint')}
          action={t('admin.webhookBury')}
          done={t('admin.webhookBuried')}
          act={() => take(api.DELETE('/api/webhooks/{id}/dead/{event}', path(burying)))}
          queryKey={webhooksKey}
          onClose={() => setBurying(null)}
          testid="webhook-bury"
        />
      )}
    </Dialog>
  )
}
