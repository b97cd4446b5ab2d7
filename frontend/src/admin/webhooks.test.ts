import { expect, it } from 'vitest'
import { deliveryFailure, webhookState } from './webhooks'

it.each([
  [{ paused: true, failing: 3, delivered_at: '2026-11-26T08:00:00Z' }, 'paused'],
  [{ paused: false, failing: 3, delivered_at: '2026-11-26T08:00:00Z' }, 'failing'],
  [{ paused: false, failing: 1 }, 'failing'],
  [{ paused: false, failing: 0 }, 'waiting'],
  [{ paused: false, failing: 0, delivered_at: '2026-11-26T08:00:00Z' }, 'healthy'],
] as const)('%o is %s', (webhook, state) => {
  expect(webhookState(webhook)).toBe(state)
})

it.each([
  ['status:500', { key: 'admin.whyStatus', status: '500' }],
  ['timeout', { key: 'admin.whyTimeout', status: undefined }],
  ['something new', { key: 'something new', status: undefined }],
])('%s is told as %o', (code, told) => {
  expect(deliveryFailure(code)).toEqual(told)
})
