import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { Select } from '../ui/Select'
import { type Access, type MadeToken, accessLabel, tokensKey } from './accessTokens'
import { SecretDialog } from './SecretDialog'

const spans = [30, 90, 365, 729]
const DAY = 86_400_000

/** A new token; afterwards its secret, this once. */
export function TokenForm({ onClose }: { onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [access, setAccess] = useState<Access>('read')
  const [scene, setScene] = useState('/?display=wall')
  const [days, setDays] = useState(365)
  const make = useMutation({
    mutationFn: () => take(api.POST('/api/tokens', { body: { name: name.trim(), access, scene: access === 'kiosk' ? scene.trim() : undefined, expires_at: new Date(Date.now() + days * DAY).toISOString() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: tokensKey }),
  })
  if (make.data) return <Secret made={make.data} onClose={onClose} />
  const wrong = fieldText(make.error, 'name', t, has)
  const wrongScene = fieldText(make.error, 'scene', t, has)
  return (
    <FormDialog title={t('admin.newToken')} testid="token-form" error={make.error} told={!!wrong || !!wrongScene} isPending={make.isPending} onSubmit={() => make.mutate()} onClose={onClose}>
      <TextInput label={t('admin.tokenName')} name="token-name" value={name} onChange={setName} error={wrong} hint={t('admin.tokenNameHint')} maxLength={100} autoFocus />
      <Select
        label={t('admin.access')}
        value={access}
        onChange={(id) => setAccess(id as Access)}
        choices={Object.entries(accessLabel).map(([id, label]) => ({ id, text: t(label) }))}
        testid="token-access"
      />
      {access === 'kiosk' && <TextInput label={t('admin.scene')} name="token-scene" value={scene} onChange={setScene} error={wrongScene} hint={t('admin.sceneHint')} maxLength={300} spellCheck="false" />}
      <Select label={t('admin.validFor')} value={String(days)} onChange={(id) => setDays(Number(id))} choices={spans.map((n) => ({ id: String(n), text: t('admin.days', { n }) }))} />
    </FormDialog>
  )
}

/** The secret, and a line that shows it at work. */
function Secret({ made: { name, secret, access }, onClose }: { made: MadeToken; onClose: () => void }) {
  const { t } = useText()
  const wall = access === 'kiosk'
  return (
    <SecretDialog title={t('admin.secretTitle', { name })} hint={t('admin.secretHint')} secret={secret} onClose={onClose} testid="token-secret">
      <h3 className="field-label">{t(wall ? 'admin.kioskUse' : 'admin.secretUse')}</h3>
      <code className="secret">{wall ? `${location.origin}/kiosk#${secret}` : access === 'intake' ? `curl -H 'Authorization: Bearer ${secret}' -H 'Content-Type: application/cap+xml' --data-binary @alert.xml ${location.origin}/api/intake/cap` : `curl -u x:${secret} ${location.origin}/ogc/collections`}</code>
    </SecretDialog>
  )
}
