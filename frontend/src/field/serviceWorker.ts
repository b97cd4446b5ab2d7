import { createStore } from '../lib/store'

/** A newer version that is ready, and what makes it the one in use. */
export const newVersion = createStore<(() => void) | null>(null)

/** Lets the page open without network. Browsers do that for https and for this machine alone; elsewhere the page works as long as there is a line. */
export function startServiceWorker(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  let used = navigator.serviceWorker.controller !== null
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (used) location.reload() // the person has asked for the new version
    used = true
  })
  navigator.serviceWorker
    .register('/field-worker.js') // for all addresses: the map's worker is a file outside of /field
    .then((registration) => {
      const offer = () => {
        const waiting = registration.waiting
        if (waiting && navigator.serviceWorker.controller) newVersion.set(() => () => waiting.postMessage('take over'))
      }
      offer()
      registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer))
      document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void registration.update().catch(() => {}))
    })
    .catch((error: unknown) => console.warn('no service worker:', error))
}
