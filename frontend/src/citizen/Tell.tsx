import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { useText } from '../i18n'
import { newKey } from '../lib/key'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { Failure } from '../ui/State'
import { Pictures } from './Pictures'
import { Sending } from './Sending'
import { placeOfHash, refused } from './pictures'
import { type Position, Where } from './Where'

const empty = { title: '', description: '', address: '', name: '', phone: '' }
const shown = ['title', 'description', 'address', 'point', 'reporter_name', 'reporter_phone']

/** The form. A second press, or one after a broken connection, tells nothing twice. */
export function Tell() {
  const { t, has } = useText()
  const [posted] = useState(() => placeOfHash(location.hash)) // by the QR code that hangs there
  const [form, setForm] = useState({ ...empty, address: posted.where })
  const [at, setAt] = useState<Position | null>(posted.at && { point: posted.at, accuracy: 0 })
  const [files, setFiles] = useState<File[]>([])
  const [key, setKey] = useState(newKey)
  const set = (what: Partial<typeof empty>) => setForm((now) => ({ ...now, ...what }))
  const tell = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/citizen/reports', {
          params: { header: { 'Idempotency-Key': key } },
          body: {
            title: form.title.trim(),
            description: form.description.trim(),
            address: form.address.trim(),
            reporter_name: form.name.trim(),
            reporter_phone: form.phone.trim(),
            ...(at ? { point: [...at.point] } : {}),
          },
        }),
      ),
  })
  const wrong = (field: string) => fieldText(tell.error, field, t, has)
  if (tell.data) {
    return (
      <section className="citizen-done" role="status">
        <h2>{t('citizen.done')}</h2>
        <p>{t('citizen.code')}</p>
        <output className="citizen-code" data-testid="tracking">
          {tell.data.tracking.replace(/(.{4})(?=.)/g, '$1 ')}
        </output>
        <Sending tracking={tell.data.tracking} files={files} />
        <Button
          onPress={() => {
            setForm(empty)
            setAt(null)
            setFiles([])
            setKey(newKey())
            tell.reset()
          }}
        >
          {t('citizen.another')}
        </Button>
      </section>
    )
  }
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!tell.isPending && !files.some(refused)) tell.mutate()
      }}
      noValidate
    >
      <TextInput label={t('citizen.what')} placeholder={t('citizen.whatHint')} name="title" value={form.title} onChange={(title) => set({ title })} maxLength={120} isRequired error={wrong('title')} />
      <TextInput label={t('citizen.more')} name="description" rows={3} value={form.description} onChange={(description) => set({ description })} maxLength={4000} error={wrong('description')} />
      <TextInput label={t('citizen.where')} placeholder={t('citizen.whereHint')} name="address" value={form.address} onChange={(address) => set({ address })} maxLength={200} error={wrong('address')} />
      <Where at={at} onChange={setAt} error={wrong('point')} />
      <Pictures files={files} onChange={setFiles} />
      <TextInput label={t('citizen.name')} name="name" autoComplete="name" value={form.name} onChange={(name) => set({ name })} maxLength={60} error={wrong('reporter_name')} />
      <TextInput label={t('citizen.phone')} name="phone" inputMode="tel" autoComplete="tel" value={form.phone} onChange={(phone) => set({ phone })} maxLength={30} error={wrong('reporter_phone')} hint={t('citizen.privacy')} />
      {tell.error && !shown.some(wrong) && <Failure compact error={tell.error} />}
      <Button type="submit" look="primary" isDisabled={tell.isPending}>
        {t(tell.isPending ? 'citizen.sending' : 'citizen.send')}
      </Button>
    </form>
  )
}
