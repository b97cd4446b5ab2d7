import { describe, expect, it } from 'vitest'
import { type Geofence, toForm, toInput } from './geofences'

const rule: Geofence = {
  id: 3, revision: 4, name: '禁入', area_path: '330122', moving_layer: 'position', moving_filter: "kind = 'truck'", fence_layer: 'permit',
  triggers: ['enter', 'dwell'], dwell_s: 60, margin_m: 5, report: true, enabled: false, created_at: '2026-06-01T00:00:00Z',
}

describe('a geofence rule in its form', () => {
  it('comes out as it went in', () => {
    const { id: _, created_at: __, ...kept } = rule
    expect(toInput(toForm(rule, '330199'), rule.revision)).toEqual({ ...kept, fence_filter: '' })
  })
  it('has no length of a stay where nobody asks for stays', () => {
    expect(toInput({ ...toForm(rule, ''), triggers: ['leave'] }, 4).dwell_s).toBeUndefined()
  })
  it('begins in the area of who makes it, without spaces around its words', () => {
    const form = toForm(null, '330122.330122001')
    expect(toInput({ ...form, name: ' 学校 ', fence_filter: ' ' })).toMatchObject({ name: '学校', area_path: '330122.330122001', fence_filter: '', enabled: true, revision: undefined })
  })
})
