import type { components } from '../api/schema.gen'

export type Webhook = components['schemas']['Webhook']

export const webhooksKey = ['webhooks']
export const deadKey = (id: number) => ['webhooks', id, 'dead']

export type WebhookState = 'paused' | 'failing' | 'waiting' | 'healthy'

/** What a webhook is doing: paused by somebody, not taken by its receiver, with nothing to tell so far, or at work. */
export function webhookState(w: Pick<Webhook, 'paused' | 'failing' | 'delivered_at'>): WebhookState {
  if (w.paused) return 'paused'
  if (w.failing > 0) return 'failing'
  return w.delivered_at ? 'healthy' : 'waiting'
}

/** What its states are called. */
export const stateLabel: Record<WebhookState, string> = {
  paused: 'admin.webhookPaused',
  failing: 'admin.webhookFailing',
  waiting: 'admin.webhookWaiting',
  healthy: 'admin.webhookHealthy',
}
