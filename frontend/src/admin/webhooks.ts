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

/** Why something was not delivered, as a wording and what it needs. A code that this console does not know is shown as it is. */
export function deliveryFailure(code: string): { key: string; status?: string } {
  const [why, status] = code.split(':')
  return { key: whys[why ?? ''] ?? code, status }
}

const whys: Record<string, string> = {
  status: 'admin.whyStatus',
  timeout: 'admin.whyTimeout',
  unreachable: 'admin.whyUnreachable',
  address: 'admin.whyAddress',
  gone: 'admin.whyGone',
  rights: 'admin.whyRights',
  layer: 'admin.whyLayer',
  refused: 'admin.whyRefused',
}
