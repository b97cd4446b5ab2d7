import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ConfirmDialog } from '../admin/ConfirmDialog'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { nameIn } from '../domain/names'
import { useOwnAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { Select } from '../ui/Select'
import type { Wall } from './socket'

const numbers = ['rows', 'columns', 'width', 'height', 'gap_x', 'gap_y', 'pitch_mm'] as const
const labels = { rows: 'walls.rows', columns: 'walls.columns', width: 'walls.width', height: 'walls.height', gap_x: 'walls.gapX', gap_y: 'walls.gapY', pitch_mm: 'walls.pitch' } as const
const shown = ['name', 'area_path', ...numbers.map((key) => `layout.${key}`)]
const common: Wall['layout'] = { rows: 1, columns: 2, width: 1920, height: 1080, gap_x: 0, gap_y: 0, unit: 'px', pitch_mm: 1.25 }

/** Name, area and grid of a wall. */
export function WallForm({ wall, onClose }: { wall: Wall | null; onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [name, setName] = useState(wall?.name ?? '')
  const { areas, everywhere } = useOwnAreas()
  const [chosen, setArea] = useState(wall?.area_path)
  const area = chosen ?? areas[0]?.path ?? ''
  const [unit, setUnit] = useState<'px' | 'mm'>(wall?.layout.unit ?? 'px')
  const [values, setValues] = useState(() => Object.fromEntries(numbers.map((key) => [key, String((wall?.layout ?? common)[key])])) as Record<(typeof numbers)[number], string>)
  const done = () => {
    void client.invalidateQueries({ queryKey: ['walls'] })
    onClose()
  }
  const save = useMutation({
    mutationFn: () => {
      const layout = { ...(Object.fromEntries(numbers.map((key) => [key, Number(values[key])])) as Omit<Wall['layout'], 'unit'>), unit }
      const body = { name, area_path: area, layout, playlist: wall?.playlist ?? [], rules: wall?.rules ?? [] }
      return wall ? take(api.PUT('/api/walls/{id}', { params: { path: { id: wall.id } }, body: { ...body, revision: wall.revision } })) : take(api.POST('/api/walls', { body }))
    },
    onSuccess: done,
  })
  const [removing, setRemoving] = useState(false)
  const of = (field: string) => fieldText(save.error, field, t, has)
  return (
    <FormDialog title={t(wall ? 'walls.edit' : 'walls.make')} testid="wall-form" error={save.error} told={save.error !== null && shown.some((field) => of(field))} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      <TextInput label={t('walls.name')} value={name} onChange={setName} error={of('name')} data-testid="wall-name" autoFocus />
      <FieldGroup label={t('walls.area')} error={of('area_path')}>
        <Select
          label={t('walls.area')}
          hideLabel
          value={area}
          onChange={setArea}
          choices={[...areas.map((each) => ({ id: each.path, text: nameIn(each, locale) })), ...(everywhere ? [{ id: '', text: t('walls.areaNone') }] : [])]}
          testid="wall-area"
        />
      </FieldGroup>
      <div className="walls-fields">
        {numbers.map((key) =>
          key === 'pitch_mm' && unit === 'px' ? null : (
            <TextInput key={key} label={t(labels[key])} value={values[key]} onChange={(value) => setValues((now) => ({ ...now, [key]: value }))} inputMode="decimal" error={of(`layout.${key}`)} />
          ),
        )}
        <Select label={t('walls.unit')} choices={[{ id: 'px', text: t('walls.px') }, { id: 'mm', text: t('walls.mm') }]} value={unit} onChange={(id) => setUnit(id === 'mm' ? 'mm' : 'px')} />
      </div>
      {wall && (
        <Button look="danger" onPress={() => setRemoving(true)}>
          {t('walls.remove')}
        </Button>
      )}
      {wall && removing && (
        <ConfirmDialog
          title={t('walls.removeSure', { name: wall.name })}
          hint={t('walls.removeHint')}
          action={t('walls.remove')}
          done={t('walls.removed', { name: wall.name })}
          act={() => take(api.DELETE('/api/walls/{id}', { params: { path: { id: wall.id } } })).then(onClose)}
          queryKey={['walls']}
          onClose={() => setRemoving(false)}
          testid="wall-remove"
        />
      )}
    </FormDialog>
  )
}
