import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { catalogQuery } from '../api/queries'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { Select } from '../ui/Select'
import { SecretDialog } from './SecretDialog'
import { webhooksKey } from './webhooks'

/** A new webhook; afterwards the secret that signs, this once. */
export function WebhookForm({ onClose }: { onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const { data: catalog } = useQuery(catalogQuery)
  const [name, setName] = useState('')
  const [url, setURL] = useState('')
  const [layer, setLayer] = useState('incident')
  const [filter, setFilter] = useState('')
  const [geometry, setGeometry] = useState(false)
  const make = useMutation({
    mutationFn: () => take(api.POST('/api/webhooks', { body: { name: name.trim(), url: url.trim(), layer, geometry, filter: filter.trim() || undefined } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: webhooksKey }),
  })
  if (make.data) {
    return <SecretDialog title={t('admin.webhookSecretTitle', { name: make.data.name })} hint={t('admin.webhookSecretHint')} secret={make.data.secret} onClose={onClose} testid="webhook-secret" />
  }
  const wrong = (field: string) => fieldText(make.error, field, t, has)
  const told = ['name', 'url', 'filter'].some(wrong)
  return (
    <FormDialog title={t('admin.newWebhook')} testid="webhook-form" error={make.error} told={told} isPending={make.isPending} onSubmit={() => make.mutate()} onClose={onClose}>
      <TextInput label={t('admin.webhookName')} name="webhook-name" value={name} onChange={setName} error={wrong('name')} hint={t('admin.webhookNameHint')} maxLength={60} autoFocus />
      <TextInput label={t('admin.webhookURL')} name="webhook-url" value={url} onChange={setURL} error={wrong('url')} hint={t('admin.webhookURLHint')} maxLength={500} spellCheck="false" />
      <Select label={t('admin.webhookLayer')} value={layer} onChange={setLayer} choices={(catalog?.layers ?? []).map((l) => ({ id: l.name, text: l.title[locale] || l.name }))} testid="webhook-layer" />
      <TextInput label={t('admin.webhookFilter')} name="webhook-filter" value={filter} onChange={setFilter} error={wrong('filter')} hint={t('admin.webhookFilterHint')} maxLength={2000} spellCheck="false" />
      <Select
        label={t('admin.webhookGeometry')}
        value={geometry ? 'geometry' : 'state'}
        onChange={(id) => setGeometry(id === 'geometry')}
        choices={[
          { id: 'state', text: t('admin.webhookStateOnly') },
          { id: 'geometry', text: t('admin.webhookWithGeometry') },
        ]}
      />
    </FormDialog>
  )
}
