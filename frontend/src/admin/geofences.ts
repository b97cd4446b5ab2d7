import type { components } from '../api/schema.gen'

export type Geofence = components['schemas']['Geofence']
export type GeofenceInput = components['schemas']['GeofenceInput']
export type Trigger = Geofence['triggers'][number]

export const geofencesKey = ['geofences']

/** What the triggers are called. */
export const triggerLabel: Record<Trigger, string> = { enter: 'admin.geofenceEnter', leave: 'admin.geofenceLeave', dwell: 'admin.geofenceDwell' }

/** What is asked for, of what the form holds: a stay's length belongs to dwell alone, and no filter is none. */
export function toInput(form: Required<Omit<GeofenceInput, 'revision'>>, revision?: number): GeofenceInput {
  return {
    ...form,
    name: form.name.trim(),
    moving_filter: form.moving_filter.trim(),
    fence_filter: form.fence_filter.trim(),
    dwell_s: form.triggers.includes('dwell') ? form.dwell_s : undefined,
    revision,
  }
}

/** The rule as a form holds it; a new one when there is none. */
export function toForm(rule: Geofence | null, area: string): Required<Omit<GeofenceInput, 'revision'>> {
  return {
    name: rule?.name ?? '',
    area_path: rule?.area_path ?? area,
    moving_layer: rule?.moving_layer ?? 'position',
    moving_filter: rule?.moving_filter ?? '',
    fence_layer: rule?.fence_layer ?? 'unit_grid',
    fence_filter: rule?.fence_filter ?? '',
    triggers: rule?.triggers ?? ['enter'],
    dwell_s: rule?.dwell_s ?? 300,
    margin_m: rule?.margin_m ?? 20,
    report: rule?.report ?? false,
    enabled: rule?.enabled ?? true,
  }
}
