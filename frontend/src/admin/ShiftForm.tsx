import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import type { components } from '../api/schema.gen'
import type { Shift } from '../features/duty/dutyQuery'
import { localInput } from '../features/timeline/span'
import { useText } from '../i18n'
import { day as dayText } from '../lib/time'
import { Button } from '../ui/Button'
import { Checks } from '../ui/Checks'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Loading } from '../ui/State'
import { ConfirmDialog } from './ConfirmDialog'
import { suggest } from './roster'

type Role = components['schemas']['ShiftKind']

/** A new shift of a role on a day, or one to change. */
export interface Editing {
  area: string
  role: Role
  day: Date
  shift: Shift | null
  /** The shifts of that day, which a new one follows. */
  before?: readonly Shift[]
}

const fields = ['starts_at', 'ends_at', 'people', 'note', 'area_path']
const minute = (at: string | Date) => localInput(new Date(at).toISOString()).slice(0, 16)

export function ShiftForm({ editing: { area, role, day, shift, before = [] }, onClose }: { editing: Editing; onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [[starts, ends], setSpan] = useState<[string, string]>(() => (shift ? [minute(shift.starts_at), minute(shift.ends_at)] : (suggest(day, before).map(minute) as [string, string])))
  const [people, setPeople] = useState<string[]>(() => shift?.people.map(({ id }) => String(id)) ?? [])
  const [note, setNote] = useState(shift?.note ?? '')
  const [deleting, setDeleting] = useState(false)
  const able = useQuery({ queryKey: ['duty-people', area], queryFn: async () => (await take(api.GET('/api/shifts/people', { params: { query: { area } } }))).items })
  const fresh = () => {
    void client.invalidateQueries({ queryKey: ['shifts'] })
    void client.invalidateQueries({ queryKey: ['duty'] })
  }
  const save = useMutation({
    mutationFn: () => {
      const body = { revision: shift?.revision, area_path: area, role, starts_at: new Date(starts).toISOString(), ends_at: new Date(ends).toISOString(), note: note.trim(), people: people.map(Number) }
      return shift ? take(api.PUT('/api/shifts/{id}', { params: { path: { id: shift.id } }, body })) : take(api.POST('/api/shifts', { body }))
    },
    onSuccess: () => {
      notify('done', t('duty.shiftSaved'))
      fresh()
      onClose()
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  const choices = (able.data ?? []).filter(({ roles }) => roles?.includes(role)).map(({ id, name }) => ({ id: String(id), text: name }))
  if (deleting && shift) {
    return (
      <ConfirmDialog
        title={t('duty.shiftDeleteTitle', { day: dayText(shift.starts_at, locale) })}
        hint={t('duty.shiftDeleteHint')}
        action={t('duty.shiftDelete')}
        done={t('duty.shiftDeleted')}
        act={() => take(api.DELETE('/api/shifts/{id}', { params: { path: { id: shift.id } } }))}
        queryKey={['shifts']}
        onClose={onClose}
        testid="delete-shift"
      />
    )
  }
  return (
    <FormDialog
      title={`${t(shift ? 'duty.editShift' : 'duty.newShift')} · ${t(`role.${role}`)}`}
      testid="shift-form"
      error={save.error}
      told={fields.some((field) => wrong(field))}
      isPending={save.isPending}
      onSubmit={() => starts && ends && save.mutate()}
      onClose={onClose}
    >
      <TextInput label={t('duty.starts')} name="starts" type={'datetime-local' as never} value={starts} onChange={(value) => setSpan([value, ends])} error={wrong('starts_at')} autoFocus />
      <TextInput label={t('duty.ends')} name="ends" type={'datetime-local' as never} value={ends} onChange={(value) => setSpan([starts, value])} error={wrong('ends_at')} />
      <FieldGroup label={t('duty.people')} error={wrong('people')}>
        {able.isPending ? <Loading text={t('app.loading')} /> : choices.length === 0 ? <p>{t('duty.nobody')}</p> : <Checks label={t('duty.people')} value={people} onChange={setPeople} choices={choices} />}
      </FieldGroup>
      <TextInput label={t('duty.note')} name="note" value={note} onChange={setNote} error={wrong('note')} maxLength={200} />
      {shift && (
        <div>
          <Button look="danger" onPress={() => setDeleting(true)} data-testid="shift-delete">
            {t('duty.shiftDelete')}
          </Button>
        </div>
      )}
    </FormDialog>
  )
}
