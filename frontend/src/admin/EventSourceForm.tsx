import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Switch } from 'react-aria-components'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { CameraChoice } from './CameraChoice'
import { type EventSource, type Protocol, eventSourcesKey, placesOf, protocols } from './eventSources'

const fields = ['name', 'protocol', 'address', 'user', 'password', 'quiet_s', 'places']

/** A camera or a recorder whose event stream is held. Its password is told to nobody: left empty it stays. */
export function EventSourceForm({ source, onClose }: { source: EventSource | null; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [seen] = useState(source)
  const [form, setForm] = useState({ name: seen?.name ?? '', protocol: seen?.protocol ?? ('isapi' as Protocol), address: seen?.address ?? 'http://', user: seen?.user ?? '', password: '', quiet: String(seen?.quiet_s ?? 300), enabled: seen?.enabled ?? true })
  const [lines, setLines] = useState<{ channel: string; camera: number | null; name: string }[]>(seen?.places.length ? seen.places.map((p) => ({ channel: p.channel, camera: p.camera_id, name: p.camera ?? '' })) : [{ channel: '', camera: null, name: '' }])
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const line = (at: number, what: Partial<(typeof lines)[number]>) => setLines((now) => now.map((each, i) => (i === at ? { ...each, ...what } : each)))
  const save = useMutation({
    mutationFn: () => {
      const { quiet, password, ...rest } = form
      const body = { ...rest, quiet_s: Number(quiet) || 0, places: placesOf(lines), ...(password !== '' ? { password } : {}) }
      return seen ? take(api.PUT('/api/event-sources/{id}', { params: { path: { id: seen.id } }, body: { ...body, revision: seen.revision } })) : take(api.POST('/api/event-sources', { body }))
    },
    onSuccess: ({ name }) => {
      notify('done', t('events.saved', { name }))
      void client.invalidateQueries({ queryKey: eventSourcesKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: eventSourcesKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  // The server counts the lines that were sent.
  const sent = lines.flatMap((each, i) => (each.camera === null ? [] : [i]))
  const wrongAt = (i: number, field: string) => wrong(`places.${sent.indexOf(i)}.${field}`)
  const told = fields.some(wrong) || lines.some((_, i) => wrongAt(i, 'channel') || wrongAt(i, 'camera_id'))
  return (
    <FormDialog title={seen ? t('events.edit', { name: seen.name }) : t('events.new')} testid="event-source-form" error={save.error} told={told} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      <TextInput label={t('events.name')} name="event-name" value={form.name} onChange={(name) => set({ name })} hint={t('events.nameHint')} error={wrong('name')} maxLength={100} autoFocus isRequired />
      <Select label={t('events.protocol')} value={form.protocol} onChange={(id) => set({ protocol: id as Protocol })} choices={protocols.map((id) => ({ id, text: t(`events.${id}`) }))} testid="event-protocol" />
      <TextInput label={t('events.address')} name="event-address" value={form.address} onChange={(address) => set({ address })} hint={t('events.addressHint')} error={wrong('address')} maxLength={300} spellCheck="false" isRequired />
      <div className="form-pair">
        <TextInput label={t('events.user')} name="event-user" value={form.user} onChange={(user) => set({ user })} error={wrong('user')} maxLength={100} spellCheck="false" autoComplete="off" />
        <TextInput label={t('events.password')} name="event-password" type="password" value={form.password} onChange={(password) => set({ password })} hint={t(seen?.password ? 'events.passwordKept' : 'events.passwordHint')} error={wrong('password')} maxLength={200} autoComplete="new-password" />
      </div>
      <FieldGroup label={t('events.places')} hint={t('events.placesHint')} error={wrong('places')}>
        <ul className="event-places">
          {lines.map((each, i) => (
            <li key={i}>
              <input className="field-input" value={each.channel} placeholder={t('events.all')} aria-label={t('events.channelOf', { n: i + 1 })} aria-invalid={!!wrongAt(i, 'channel') || undefined} maxLength={64} spellCheck="false" onChange={(event) => line(i, { channel: event.target.value })} />
              <CameraChoice value={each.camera} name={each.name} error={wrongAt(i, 'camera_id') || wrongAt(i, 'channel')} onChange={(camera, name) => line(i, { camera, name })} />
              <IconButton icon="close" label={t('events.remove')} onPress={() => setLines((now) => now.filter((_, at) => at !== i))} />
            </li>
          ))}
        </ul>
        <Button small icon="plus" onPress={() => setLines((now) => [...now, { channel: String(now.length + 1), camera: null, name: '' }])}>
          {t('events.add')}
        </Button>
      </FieldGroup>
      <TextInput label={t('events.quiet')} name="event-quiet" inputMode="numeric" value={form.quiet} onChange={(quiet) => set({ quiet })} hint={t('events.quietHint')} error={wrong('quiet_s')} maxLength={5} />
      <Switch className="switch" isSelected={form.enabled} onChange={(enabled) => set({ enabled })}>
        <span className="switch-track" aria-hidden="true" />
        {t(form.enabled ? 'events.enabled' : 'events.disabled')}
      </Switch>
    </FormDialog>
  )
}
