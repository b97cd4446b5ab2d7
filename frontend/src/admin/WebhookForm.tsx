import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { catalogQuery } from '../api/queries'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { RobotFields } from './RobotFields'
import { defaultTemplate, isRobot, robotAddress, robotFilter, robotKinds, type RobotFilter } from './robots'
import { SecretDialog } from './SecretDialog'
import { type Webhook, webhooksKey } from './webhooks'

/** A new webhook, or a group robot. Of a webhook afterwards the secret that signs, this once. */
export function WebhookForm({ onClose }: { onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const { data: catalog } = useQuery(catalogQuery)
  const [kind, setKind] = useState<Webhook['kind']>('event')
  const [template, setTemplate] = useState(defaultTemplate)
  const [link, setLink] = useState(location.origin)
  const [secret, setSecret] = useState('')
  const [chosen, setChosen] = useState<RobotFilter>({ severities: ['1'], stages: [], area: '' })
  const [name, setName] = useState('')
  const [url, setURL] = useState('')
  const [layer, setLayer] = useState('incident')
  const [filter, setFilter] = useState('')
  const [geometry, setGeometry] = useState(false)
  const make = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/webhooks', {
          body: isRobot(kind)
            ? { kind, name: name.trim(), url: url.trim(), layer: 'incident', filter: robotFilter(chosen) || undefined, template: template.trim() === defaultTemplate ? undefined : template.trim(), link: link.trim(), secret: secret.trim() || undefined }
            : { name: name.trim(), url: url.trim(), layer, geometry, filter: filter.trim() || undefined },
        }),
      ),
    onSuccess: ({ name }) => {
      void client.invalidateQueries({ queryKey: webhooksKey })
      if (!isRobot(kind)) return
      notify('done', t('admin.robotMade', { name }))
      onClose()
    },
  })
  if (make.data && !isRobot(kind)) {
    return <SecretDialog title={t('admin.webhookSecretTitle', { name: make.data.name })} hint={t('admin.webhookSecretHint')} secret={make.data.secret} onClose={onClose} testid="webhook-secret" />
  }
  const wrong = (field: string) => fieldText(make.error, field, t, has)
  const told = ['name', 'url', 'filter', 'template', 'link', 'secret'].some(wrong)
  return (
    <FormDialog title={t('admin.newWebhook')} testid="webhook-form" error={make.error} told={told} isPending={make.isPending} onSubmit={() => make.mutate()} onClose={onClose}>
      <Select
        label={t('admin.webhookKind')}
        value={kind}
        onChange={(id) => setKind(id as Webhook['kind'])}
        choices={['event', ...robotKinds].map((id) => ({ id, text: t(`admin.kind_${id}`) }))}
        testid="webhook-kind"
      />
      <TextInput label={t('admin.webhookName')} name="webhook-name" value={name} onChange={setName} error={wrong('name')} hint={t('admin.webhookNameHint')} maxLength={60} autoFocus />
      <TextInput label={t('admin.webhookURL')} name="webhook-url" value={url} onChange={setURL} error={wrong('url')} hint={isRobot(kind) ? robotAddress[kind] : t('admin.webhookURLHint')} maxLength={500} spellCheck="false" />
      {isRobot(kind) ? (
        <RobotFields template={template} link={link} secret={secret} filter={chosen} wrong={wrong} onTemplate={setTemplate} onLink={setLink} onSecret={setSecret} onFilter={setChosen} />
      ) : (
        <>
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
        </>
      )}
    </FormDialog>
  )
}
