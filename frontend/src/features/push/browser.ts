import { api, take } from '../../api/client'
import { createStore } from '../../lib/store'

/**
 * How this browser is notified. `push`: also while the page is closed; `open`: while it is open, in the background, since the server reaches no push service
 * (or this browser none); `insecure`: browsers do it over https alone; `denied`: the person refused it in the browser's settings.
 */
export type Reach = 'unknown' | 'unsupported' | 'insecure' | 'denied' | 'off' | 'open' | 'push'
export const reach = createStore<Reach>('unknown')

const key = 'wanglou.notify'
const wanted = () => localStorage.getItem(key) === 'on'

/** Whether notifications are shown here by the page itself. */
export const notifiesLocally = () => wanted() && 'Notification' in globalThis && Notification.permission === 'granted'

function possible(): Reach | null {
  if (!globalThis.isSecureContext) return 'insecure'
  if (!('serviceWorker' in navigator) || !('Notification' in globalThis)) return 'unsupported'
  return Notification.permission === 'denied' ? 'denied' : null
}

async function registered(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register('/field-worker.js')
  return navigator.serviceWorker.ready
}

const bytes = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))

/** This browser in a few words, for the person's own list. */
export function deviceName(agent: string): string {
  const first = (...names: string[]) => names.find((name) => agent.includes(name)) ?? '' // the telling ones stand before those that everybody claims
  return `${first('iPhone', 'iPad', 'Android', 'Windows', 'Mac OS X', 'Linux')} ${first('MicroMessenger', 'Edg', 'Firefox', 'Chrome', 'Safari').replace('Edg', 'Edge')}`.trim()
}

/** Tells the server of this browser, where a push service is in reach; says how far it reaches. */
async function subscribe(): Promise<'push' | 'open'> {
  const registration = await registered()
  const state = await take(api.GET('/api/push'))
  if (!state.reaches || !state.key || !('pushManager' in registration)) return 'open'
  try {
    let have = await registration.pushManager.getSubscription()
    const ours = bytes(state.key)
    const theirs = have?.options.applicationServerKey
    if (have && theirs && !equal(new Uint8Array(theirs), ours)) {
      await have.unsubscribe() // of another installation
      have = null
    }
    have ??= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: ours })
    const { endpoint, keys } = have.toJSON()
    const made = await take(api.POST('/api/push', { body: { endpoint: endpoint!, p256dh: keys!.p256dh!, auth: keys!.auth!, device: deviceName(navigator.userAgent) } }))
    localStorage.setItem(`${key}.id`, String(made.id))
    return 'push'
  } catch (error) {
    console.warn('no push service:', error) // not reached from this phone, or not allowed by the operator
    return 'open'
  }
}

const equal = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i])

/** Where things stand when a page opens; a subscription that changed meanwhile is told anew. */
export async function readReach(): Promise<void> {
  const not = possible()
  if (not) return reach.set(not)
  if (!wanted() || Notification.permission !== 'granted') return reach.set('off')
  reach.set(await subscribe().catch(() => 'open' as const))
}

/** By a press: browsers ask the person then. */
export async function switchOn(): Promise<void> {
  const not = possible()
  if (not) return reach.set(not)
  if ((await Notification.requestPermission()) !== 'granted') return reach.set(possible() ?? 'off')
  localStorage.setItem(key, 'on')
  reach.set(await subscribe())
}

/** Also when somebody logs out: who comes next is not told of what was theirs. */
export async function switchOff(): Promise<void> {
  localStorage.removeItem(key)
  const id = Number(localStorage.getItem(`${key}.id`))
  localStorage.removeItem(`${key}.id`)
  reach.set(possible() ?? 'off')
  const registration = await globalThis.navigator.serviceWorker?.getRegistration()
  await (await registration?.pushManager?.getSubscription())?.unsubscribe()
  if (id > 0) await api.DELETE('/api/push/{id}', { params: { path: { id } } })
}

/** What a notification tells; the same as the server's. */
export interface Note {
  kind: 'task' | 'call_off' | 'urge' | 'message' | 'escalation'
  incident: number
  number: string
  title: string
  severity: number
}

/** Shown by the service worker where the page is not in front: the same words, and one notification where both ways tell of it. */
export async function tellHere(note: Note): Promise<void> {
  if (!notifiesLocally() || document.visibilityState === 'visible') return
  const registration = await navigator.serviceWorker.getRegistration()
  registration?.active?.postMessage({ note })
}
