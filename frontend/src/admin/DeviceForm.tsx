import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { useText } from '../i18n'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { type Device, devicesKey, kinds, treeOf } from './devices'

/** A recorder, a switch or an area of power supply, and what it hangs on itself. */
export function DeviceForm({ device, all, parent, onClose }: { device: Device | null; all: Device[]; parent: number; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [seen] = useState(device)
  const [form, setForm] = useState({ kind: seen?.kind ?? ('recorder' as Device['kind']), name: seen?.name ?? '', parent: String(seen?.parent_id ?? parent) })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const save = useMutation({
    mutationFn: () => {
      const body = { kind: form.kind, name: form.name, parent_id: Number(form.parent) }
      return seen ? take(api.PUT('/api/devices/{id}', { params: { path: { id: seen.id } }, body: { ...body, revision: seen.revision } })) : take(api.POST('/api/devices', { body }))
    },
    onSuccess: ({ name }) => {
      notify('done', t('devices.saved', { name }))
      void client.invalidateQueries({ queryKey: devicesKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: devicesKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  return (
    <FormDialog title={seen ? t('devices.editTitle', { name: seen.name }) : t('devices.new')} testid="device-form" error={save.error} told={['kind', 'name', 'parent_id'].some(wrong)} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      <Select label={t('devices.kind')} value={form.kind} onChange={(id) => set({ kind: id as Device['kind'] })} choices={kinds.map((id) => ({ id, text: t(`devices.${id}`) }))} testid="device-kind" />
      <TextInput label={t('devices.name')} name="device-name" value={form.name} onChange={(name) => set({ name })} error={wrong('name')} maxLength={200} autoFocus isRequired />
      <FieldGroup label={t('devices.parent')} error={wrong('parent_id')}>
        <Select
          label={t('devices.parent')}
          hideLabel
          value={form.parent}
          onChange={(id) => set({ parent: id })}
          choices={[{ id: '0', text: t('devices.nothing') }, ...treeOf(all.filter((each) => each.id !== seen?.id)).map(({ device: each, depth }) => ({ id: String(each.id), text: `${'　'.repeat(depth)}${each.name}` }))]}
          testid="device-parent"
        />
      </FieldGroup>
    </FormDialog>
  )
}
