import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../../api/client'
import type { components } from '../../api/schema.gen'
import { queryClient } from '../../api/queries'
import { useText } from '../../i18n'
import '../../i18n/wedge'
import { Button, IconButton } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextInput } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { notify } from '../../ui/notices'
import { Failure, Loading } from '../../ui/State'
import './presets.css'

type Preset = components['schemas']['Preset']
/** A row as it is typed. */
type Row = Record<'number' | 'name' | 'azimuth' | 'tilt' | 'fov', string>
const fields = ['number', 'name', 'azimuth', 'tilt', 'fov'] as const

const rowOf = (p: Preset): Row => ({ number: String(p.number), name: p.name, azimuth: String(p.azimuth_deg), tilt: String(p.tilt_deg ?? ''), fov: String(p.fov_deg ?? '') })
/** What cannot be read is sent as NaN, which the server refuses by the field's name: JSON writes it as null. */
const presetOf = (row: Row): Preset => ({
  number: Number(row.number),
  name: row.name,
  azimuth_deg: row.azimuth.trim() ? Number(row.azimuth) : NaN,
  ...(row.tilt.trim() && { tilt_deg: Number(row.tilt) }),
  ...(row.fov.trim() && { fov_deg: Number(row.fov) }),
})

/** The presets of a camera, in a table. */
export default function PresetEditor({ id, name, onClose }: { id: number; name: string; onClose: () => void }) {
  const { t } = useText()
  const kept = useQuery({
    queryKey: ['presets', id],
    queryFn: async () => (await take(api.GET('/api/cameras/{id}/presets', { params: { path: { id } } }))).items,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  if (kept.data) return <Editor id={id} title={`${t('presets.title')} · ${name}`} seen={kept.data} onClose={onClose} />
  return (
    <Dialog open title={t('presets.title')} onClose={onClose} testid="preset-editor">
      {kept.isError ? <Failure compact error={kept.error} onRetry={() => void kept.refetch()} /> : <Loading text={t('app.loading')} />}
    </Dialog>
  )
}

function Editor({ id, title, seen, onClose }: { id: number; title: string; seen: Preset[]; onClose: () => void }) {
  const { t } = useText()
  const [rows, setRows] = useState<Row[]>(() => seen.map(rowOf))
  const save = useMutation({
    mutationFn: () => take(api.PUT('/api/cameras/{id}/presets', { params: { path: { id } }, body: { presets: rows.map(presetOf), seen }, parseAs: 'text' })),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['seeing'] })
      void queryClient.invalidateQueries({ queryKey: ['presets', id] })
      notify('done', t('presets.saved'))
      onClose()
    },
  })
  const free = () => String(Array.from({ length: 255 }, (_, i) => i + 1).find((n) => !rows.some((row) => Number(row.number) === n)) ?? '')
  return (
    <FormDialog title={title} testid="preset-editor" error={save.error} told={false} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      <p className="detail-hint">{t('presets.hint')}</p>
      {rows.length === 0 && <p>{t('presets.none')}</p>}
      {rows.map((row, i) => (
        <div key={i} className="preset-row">
          {fields.map((field) => (
            <TextInput
              key={field}
              label={t(`presets.${field}`)}
              value={row[field]}
              maxLength={field === 'name' ? 60 : 8}
              onChange={(value) => setRows((all) => all.map((each, k) => (k === i ? { ...each, [field]: value } : each)))}
              data-testid={`preset-${field}-${i}`}
            />
          ))}
          <IconButton icon="close" label={t('presets.remove', { n: row.number })} onPress={() => setRows((all) => all.filter((_, k) => k !== i))} />
        </div>
      ))}
      <Button small icon="plus" isDisabled={rows.length >= 255} onPress={() => setRows((all) => [...all, { number: free(), name: '', azimuth: '', tilt: '', fov: '' }])} data-testid="preset-add">
        {t('presets.add')}
      </Button>
    </FormDialog>
  )
}
