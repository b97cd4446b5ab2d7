import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { alarmKindsQuery, categoriesQuery } from '../api/queries'
import type { AlarmKind } from '../api/types'
import { nameIn } from '../domain/names'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { InUse } from './InUse'
import { SeverityChoice } from './SeverityChoice'

const fields = ['code', 'title', 'title_en', 'category', 'severity']

/** A new kind of alarm, or what becomes of one: its code is in the devices' systems and stays. */
export function AlarmKindForm({ kind, onClose }: { kind: AlarmKind | null; onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [seen] = useState(kind)
  const [form, setForm] = useState({ code: kind?.code ?? '', title: kind?.title ?? '', title_en: kind?.title_en ?? '', category: kind?.category ?? '', severity: kind?.severity ?? 3, retired: kind?.retired ?? false })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const named = useQuery(categoriesQuery).data?.find((each) => each.code === form.category.trim() && each.kind === 'item')
  const save = useMutation({
    mutationFn: () => {
      const { code, retired, ...rest } = form
      return seen
        ? take(api.PUT('/api/intake/alarms/kinds/{id}', { params: { path: { id: seen.id } }, body: { revision: seen.revision, ...rest, retired } }))
        : take(api.POST('/api/intake/alarms/kinds', { body: { code: code.trim(), ...rest } }))
    },
    onSuccess: (saved) => {
      notify('done', t('dictionary.saved', { name: saved.title }))
      void client.invalidateQueries({ queryKey: alarmKindsQuery.queryKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: alarmKindsQuery.queryKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  return (
    <FormDialog title={seen ? t('alarmKind.edit', { code: seen.code }) : t('alarmKind.new')} testid="alarmkind-form" error={save.error} told={fields.some((field) => wrong(field))} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      {!seen && <TextInput label={t('dictionary.code')} name="alarm-code" value={form.code} onChange={(code) => set({ code })} maxLength={40} hint={t('alarmKind.codeHint')} error={wrong('code')} spellCheck="false" autoFocus isRequired />}
      <TextInput label={t('alarmKind.title')} name="alarm-title" value={form.title} onChange={(title) => set({ title })} maxLength={60} error={wrong('title')} isRequired />
      <TextInput label={t('alarmKind.titleEN')} name="alarm-title-en" value={form.title_en} onChange={(title_en) => set({ title_en })} maxLength={120} error={wrong('title_en')} />
      <TextInput label={t('alarmKind.category')} name="alarm-category" value={form.category} onChange={(category) => set({ category })} maxLength={5} hint={named ? nameIn(named, locale) : t('alarmKind.categoryHint')} error={wrong('category')} />
      <SeverityChoice label={t('alarmKind.severity')} value={form.severity} onChange={(severity) => set({ severity })} />
      {seen && <InUse retired={form.retired} hint={t('alarmKind.retiredHint')} onChange={(retired) => set({ retired })} />}
    </FormDialog>
  )
}
