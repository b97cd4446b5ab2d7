import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { useText } from '../i18n'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { type Plot, type PlotLayer, plotsKey, zoneKinds } from './plots'

const fields = ['name', 'kind', 'reason', 'weight', 'height_m', 'valid_from', 'valid_to']

/** What may be changed of a plot but its outline. */
export function PlotForm({ layer, plot, onClose }: { layer: PlotLayer; plot: Plot; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [seen] = useState(plot)
  const [form, setForm] = useState({ name: seen.name, kind: seen.kind ?? 'other', reason: seen.reason ?? '', weight: String(seen.weight ?? ''), height: String(seen.height_m ?? ''), from: seen.valid_from ?? '', to: seen.valid_to ?? '' })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const save = useMutation({
    mutationFn: () => {
      const height_m = form.height.trim() === '' ? null : Number(form.height.replace(',', '.'))
      const body = layer === 'zone' ? { name: form.name, kind: form.kind, reason: form.reason, weight: Number(form.weight.replace(',', '.')) } : layer === 'permit' ? { height_m, valid_from: form.from, valid_to: form.to } : { height_m }
      return take(api.PUT('/api/plots/{layer}/{id}', { params: { path: { layer, id: seen.id } }, body: { ...body, revision: seen.revision } }))
    },
    onSuccess: (saved) => {
      notify('done', t('plots.saved', { name: saved.name }))
      void client.invalidateQueries({ queryKey: plotsKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: plotsKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  return (
    <FormDialog title={`${t('plots.edit')} ${seen.name}`} testid="plot-form" error={save.error} told={fields.some((field) => wrong(field))} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      {layer === 'zone' && (
        <>
          <TextInput label={t('plots.name')} name="plot-name" value={form.name} onChange={(name) => set({ name })} maxLength={120} error={wrong('name')} autoFocus isRequired />
          <Select label={t('plots.kind')} value={form.kind} choices={zoneKinds.map((id) => ({ id, text: t(`plots.zone.${id}`) }))} onChange={(kind) => set({ kind })} />
          <TextInput label={t('plots.reason')} name="plot-reason" rows={3} value={form.reason} onChange={(reason) => set({ reason })} maxLength={500} hint={t('plots.reasonHint')} error={wrong('reason')} isRequired />
          <TextInput label={t('plots.weight')} name="plot-weight" inputMode="decimal" value={form.weight} onChange={(weight) => set({ weight })} error={wrong('weight')} />
        </>
      )}
      {layer !== 'zone' && <TextInput label={t('plots.height')} name="plot-height" inputMode="decimal" value={form.height} onChange={(height) => set({ height })} error={wrong('height_m')} autoFocus />}
      {layer === 'permit' && (
        <>
          <TextInput label={t('plots.from')} name="plot-from" type="date" value={form.from} onChange={(from) => set({ from })} error={wrong('valid_from')} />
          <TextInput label={t('plots.to')} name="plot-to" type="date" value={form.to} onChange={(to) => set({ to })} error={wrong('valid_to')} />
        </>
      )}
    </FormDialog>
  )
}
