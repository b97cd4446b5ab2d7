import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Switch } from 'react-aria-components'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { catalogQuery } from '../api/queries'
import { nameIn } from '../domain/names'
import { useOwnAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Checks } from '../ui/Checks'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { type Geofence, type Trigger, geofencesKey, toForm, toInput, triggerLabel } from './geofences'

const fields = ['name', 'area_path', 'moving_layer', 'moving_filter', 'fence_layer', 'fence_filter', 'triggers', 'dwell_s', 'margin_m']
const triggers = Object.keys(triggerLabel) as Trigger[]

/** A new rule, or a change of one: it begins anew then. */
export function GeofenceForm({ rule, onClose }: { rule: Geofence | null; onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const { areas, everywhere, home } = useOwnAreas()
  const { data: catalog } = useQuery(catalogQuery)
  const [form, setForm] = useState(() => toForm(rule, home))
  const set = (change: Partial<typeof form>) => setForm((now) => ({ ...now, ...change }))
  const save = useMutation({
    mutationFn: () => {
      const body = toInput(form, rule?.revision)
      return rule ? take(api.PUT('/api/geofences/{id}', { params: { path: { id: rule.id } }, body })) : take(api.POST('/api/geofences', { body }))
    },
    onSuccess: (saved) => {
      notify('done', t('admin.geofenceSaved', { name: saved.name }))
      void client.invalidateQueries({ queryKey: geofencesKey })
      onClose()
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  const layers = (shape: string) => (catalog?.layers ?? []).filter((l) => l.geometry === shape && l.name !== 'geofence_event').map((l) => ({ id: l.name, text: l.title[locale] || l.name }))
  const filter = (field: 'moving_filter' | 'fence_filter', example: string) => (
    <TextInput label={t('admin.geofenceFilter')} name={`geofence-${field}`} value={form[field]} onChange={(value) => set({ [field]: value })} error={wrong(field)} placeholder={example} maxLength={2000} spellCheck="false" />
  )
  return (
    <FormDialog
      title={rule ? t('admin.editGeofence', { name: rule.name }) : t('admin.newGeofence')}
      testid="geofence-form"
      error={save.error}
      told={fields.some((field) => wrong(field))}
      isPending={save.isPending}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <TextInput label={t('admin.geofenceName')} name="geofence-name" value={form.name} onChange={(name) => set({ name })} error={wrong('name')} hint={t('admin.geofenceNameHint')} maxLength={60} autoFocus={!rule} />
      <FieldGroup label={t('admin.geofenceArea')} error={wrong('area_path')}>
        <Select
          label={t('admin.geofenceArea')}
          hideLabel
          value={form.area_path ?? ''}
          onChange={(area_path) => set({ area_path })}
          choices={[...(everywhere ? [{ id: '', text: t('admin.everywhere') }] : []), ...areas.map((a) => ({ id: a.path, text: nameIn(a, locale) }))]}
        />
      </FieldGroup>
      <FieldGroup label={t('admin.geofenceMoving')} error={wrong('moving_layer')}>
        <Select label={t('admin.geofenceMoving')} hideLabel value={form.moving_layer} onChange={(moving_layer) => set({ moving_layer })} choices={layers('point')} testid="geofence-moving" />
      </FieldGroup>
      {filter('moving_filter', "kind = 'team'")}
      <FieldGroup label={t('admin.geofenceFences')} error={wrong('fence_layer')}>
        <Select label={t('admin.geofenceFences')} hideLabel value={form.fence_layer} onChange={(fence_layer) => set({ fence_layer })} choices={layers('polygon')} testid="geofence-fences" />
      </FieldGroup>
      {filter('fence_filter', "number = 'TL-2026-001'")}
      <FieldGroup label={t('admin.geofenceTriggers')} error={wrong('triggers')}>
        <Checks label={t('admin.geofenceTriggers')} value={form.triggers} onChange={(value) => set({ triggers: value })} choices={triggers.map((id) => ({ id, text: t(triggerLabel[id]) }))} />
      </FieldGroup>
      {form.triggers.includes('dwell') && <TextInput label={t('admin.geofenceDwellS')} name="geofence-dwell" inputMode="numeric" value={String(form.dwell_s || '')} onChange={(text) => set({ dwell_s: whole(text) })} error={wrong('dwell_s')} />}
      <TextInput label={t('admin.geofenceMargin')} name="geofence-margin" inputMode="numeric" value={String(form.margin_m)} onChange={(text) => set({ margin_m: whole(text) })} error={wrong('margin_m')} hint={t('admin.geofenceMarginHint')} />
      <FieldGroup label={t('admin.geofenceAlso')}>
        <Checks label={t('admin.geofenceAlso')} value={form.report ? ['report'] : []} onChange={(value) => set({ report: value.includes('report') })} choices={[{ id: 'report', text: t('admin.geofenceReport') }]} />
      </FieldGroup>
      <Switch className="switch" isSelected={form.enabled} onChange={(enabled) => set({ enabled })}>
        <span className="switch-track" aria-hidden="true" />
        {t('admin.geofenceEnabled')}
      </Switch>
    </FormDialog>
  )
}

/** The number that was typed: other characters are not taken. */
const whole = (text: string) => Number(text.replace(/\D/g, '').slice(0, 6))
