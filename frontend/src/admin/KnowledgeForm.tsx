import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { type KnowledgeEntry, entryQuery, knowledgeKey } from '../features/knowledge/queries'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { toForm, toInput } from './knowledge'

const fields = ['title', 'title_en', 'body', 'keywords', 'categories', 'department', 'valid_from', 'valid_until', 'source']

/** An entry of the list, read whole before it is changed. */
export function KnowledgeEdit({ id, onClose }: { id: number; onClose: () => void }) {
  const entry = useQuery({ ...entryQuery(id), staleTime: 0, gcTime: 0 })
  return entry.data ? <KnowledgeForm entry={entry.data} onClose={onClose} /> : null
}

export function KnowledgeForm({ entry, onClose }: { entry: KnowledgeEntry | null; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [seen] = useState(entry) // what stood there when the form was opened: its revision is told
  const [form, setForm] = useState(() => toForm(entry))
  const save = useMutation({
    mutationFn: () => {
      const body = toInput(form, seen?.revision)
      return seen ? take(api.PUT('/api/knowledge/{id}', { params: { path: { id: seen.id } }, body })) : take(api.POST('/api/knowledge', { body }))
    },
    onSuccess: (saved) => {
      notify('done', t('knowledge.saved', { title: saved.title }))
      void client.invalidateQueries({ queryKey: knowledgeKey })
      onClose()
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  const line = (field: keyof typeof form, label: string, more: { hint?: string; rows?: number; maxLength?: number; autoFocus?: boolean } = {}) => (
    <TextInput label={t(label)} name={`knowledge-${field}`} value={form[field]} onChange={(value) => setForm((now) => ({ ...now, [field]: value }))} error={wrong(field)} {...more} />
  )
  return (
    <FormDialog
      title={t(seen ? 'knowledge.editEntry' : 'knowledge.newEntry')}
      testid="knowledge-form"
      error={save.error}
      told={fields.some((field) => wrong(field))}
      isPending={save.isPending}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      {line('title', 'knowledge.entryTitle', { maxLength: 120, autoFocus: !seen })}
      {line('title_en', 'knowledge.titleEN', { maxLength: 200 })}
      {line('body', 'knowledge.body', { rows: 9, maxLength: 20_000, hint: t('knowledge.bodyHint') })}
      {line('keywords', 'knowledge.keywords', { hint: t('knowledge.keywordsHint'), maxLength: 900 })}
      {line('categories', 'knowledge.codes', { hint: t('knowledge.codesHint'), maxLength: 200 })}
      {line('department', 'knowledge.department', { maxLength: 80 })}
      {line('valid_from', 'knowledge.validFrom', { maxLength: 10 })}
      {line('valid_until', 'knowledge.validUntil', { hint: t('knowledge.dateHint'), maxLength: 10 })}
      {line('source', 'knowledge.source', { maxLength: 120 })}
    </FormDialog>
  )
}
