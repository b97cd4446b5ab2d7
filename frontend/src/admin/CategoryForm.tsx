import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { categoriesQuery } from '../api/queries'
import type { Category } from '../api/types'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { InUse } from './InUse'
import { SeverityChoice } from './SeverityChoice'

const fields = ['kind', 'code', 'class', 'name', 'name_en', 'severity']

/** A new category, or what may be changed of one: its code is on old cases and stays. */
export function CategoryForm({ category, onClose }: { category: Category | null; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [seen] = useState(category) // what stood there when the form was opened: its revision is told
  const [form, setForm] = useState({
    kind: category?.kind ?? ('item' as Category['kind']),
    code: category?.code ?? '',
    class: '',
    name: category?.name ?? '',
    name_en: category?.name_en ?? '',
    severity: category?.severity ?? 0,
    retired: category?.retired ?? false,
  })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const save = useMutation({
    mutationFn: () => {
      const { name, name_en, severity, retired } = form
      return seen
        ? take(api.PUT('/api/categories/{id}', { params: { path: { id: seen.id } }, body: { revision: seen.revision, name, name_en, severity, retired } }))
        : take(api.POST('/api/categories', { body: { kind: form.kind, code: form.code.trim(), class: form.class, name, name_en, severity } }))
    },
    onSuccess: (saved) => {
      notify('done', t('dictionary.saved', { name: saved.name }))
      void client.invalidateQueries({ queryKey: categoriesQuery.queryKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: categoriesQuery.queryKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  return (
    <FormDialog title={seen ? t('dictionary.edit', { code: seen.code }) : t('dictionary.new')} testid="category-form" error={save.error} told={fields.some((field) => wrong(field))} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      {!seen && (
        <>
          <Select label={t('dictionary.kind')} value={form.kind} choices={(['item', 'component'] as const).map((id) => ({ id, text: t(`dictionary.${id}`) }))} onChange={(kind) => set({ kind: kind as Category['kind'] })} />
          <TextInput label={t('dictionary.code')} name="category-code" inputMode="numeric" value={form.code} onChange={(code) => set({ code })} maxLength={5} hint={t('dictionary.codeHint')} error={wrong('code')} autoFocus isRequired />
          <TextInput label={t('dictionary.classNew')} name="category-class" value={form.class} onChange={(name) => set({ class: name })} maxLength={60} error={wrong('class')} />
        </>
      )}
      <TextInput label={t('dictionary.name')} name="category-name" value={form.name} onChange={(name) => set({ name })} maxLength={60} error={wrong('name')} isRequired />
      <TextInput label={t('dictionary.nameEN')} name="category-name-en" value={form.name_en} onChange={(name_en) => set({ name_en })} maxLength={120} error={wrong('name_en')} />
      <SeverityChoice label={t('dictionary.severity')} none={t('dictionary.noSeverity')} value={form.severity} onChange={(severity) => set({ severity })} />
      {seen && <InUse retired={form.retired} hint={t('dictionary.retiredHint')} onChange={(retired) => set({ retired })} />}
    </FormDialog>
  )
}
