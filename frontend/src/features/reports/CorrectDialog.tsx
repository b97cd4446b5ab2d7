import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import { api, take } from '../../api/client'
import { fieldText } from '../../api/error'
import type { Incident } from '../../api/types'
import { useText } from '../../i18n'
import { FieldGroup, TextInput } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { notify } from '../../ui/notices'
import { asSeverity, SeveritySign, type SeverityLevel } from '../../ui/Severity'
import { CategoryBox } from '../create/CategoryBox'

/** What is said of a case, to be corrected. */
export default function CorrectDialog({ incident, onClose }: { incident: Incident; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [form, setForm] = useState({ title: incident.title, category: incident.category || null, severity: asSeverity(incident.severity), address: incident.address ?? '', description: incident.description ?? '' })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const correct = useMutation({
    mutationFn: () => take(api.PATCH('/api/incidents/{id}', { params: { path: { id: incident.id } }, body: { ...form, category: form.category ?? '', revision: incident.revision } })),
    onSuccess: () => {
      notify('done', t('reports.corrected'))
      void client.invalidateQueries({ queryKey: ['incident'] })
      onClose()
    },
  })
  const wrong = (field: string) => fieldText(correct.error, field, t, has)
  const told = ['title', 'category', 'severity', 'address', 'description'].some((field) => wrong(field))
  return (
    <FormDialog title={t('reports.correctTitle')} testid="correct-dialog" error={correct.error} told={told} isPending={correct.isPending} onSubmit={() => correct.mutate()} onClose={onClose}>
      <TextInput label={t('create.name')} name="correct-title" value={form.title} onChange={(title) => set({ title })} maxLength={120} isRequired autoFocus error={wrong('title')} />
      <CategoryBox value={form.category} onChange={(category) => set({ category })} error={wrong('category')} />
      <FieldGroup label={t('create.severity')} error={wrong('severity')}>
        <RadioGroup className="segment" aria-label={t('create.severity')} orientation="horizontal" value={String(form.severity)} onChange={(level) => set({ severity: Number(level) as SeverityLevel })}>
          {([1, 2, 3] as const).map((level) => (
            <Radio key={level} value={String(level)} className="segment-item">
              <SeveritySign level={level} size="1.3em" />
              {t(`severity.${level}`).replace(/^\S+\s/, '')}
            </Radio>
          ))}
        </RadioGroup>
      </FieldGroup>
      <TextInput label={t('create.address')} name="correct-address" value={form.address} onChange={(address) => set({ address })} maxLength={200} error={wrong('address')} />
      <TextInput label={t('create.description')} name="correct-description" rows={3} value={form.description} onChange={(description) => set({ description })} maxLength={4000} error={wrong('description')} />
    </FormDialog>
  )
}
