import { createStore, useStore } from '../lib/store'

/** Where the console stands: a path for the view, and the selection, so that a link or a reload brings both back. */
export interface Place {
  path: string
  selection: Selection | null
}

export interface Selection {
  layer: string
  id: number
}

export const paths = { situation: '/', detections: '/detections', cameras: '/cameras', repair: '/cameras/repair', supervision: '/supervision', statistics: '/statistics', users: '/admin/users', roles: '/admin/roles', audit: '/admin/audit', tokens: '/admin/tokens', webhooks: '/admin/webhooks', geofences: '/admin/geofences', knowledge: '/admin/knowledge', rules: '/admin/rules', categories: '/admin/categories', alarmKinds: '/admin/alarms', eventSources: '/admin/events', devices: '/admin/devices', registered: '/admin/gb28181', plans: '/admin/plans', plots: '/admin/plots', preview: '/preview', captures: '/captures', review: '/review', handover: '/handover', verdicts: '/verdicts', video: '/video', roster: '/admin/roster', reference: '/admin/reference', walls: '/walls', field: '/field', kiosk: '/kiosk', citizen: '/citizen', poster: '/poster' } as const

export function parsePlace(pathname: string, search: string): Place {
  const found = /^([a-z][a-z0-9_]*)\/(\d+)$/.exec(new URLSearchParams(search).get('sel') ?? '')
  return {
    path: pathname.length > 1 ? pathname.replace(/\/+$/, '') : '/',
    selection: found ? { layer: found[1]!, id: Number(found[2]) } : null,
  }
}

/** The address of a place; other parameters (?display=wall) stay. */
export function formatPlace(place: Place, search: string): string {
  const params = new URLSearchParams(search)
  params.delete('sel')
  if (place.selection) params.set('sel', `${place.selection.layer}/${place.selection.id}`)
  const query = params.toString().replace(/%2F/g, '/')
  return place.path + (query ? `?${query}` : '')
}

const here = createStore<Place>(parsePlace(globalThis.location?.pathname ?? '/', globalThis.location?.search ?? ''))
globalThis.addEventListener?.('popstate', () => here.set(parsePlace(location.pathname, location.search)))

export const place = () => here.get()
export const watchPlace = here.watch
export const usePlace = () => useStore(here)

/** Goes to another view. The selection stays unless the caller says otherwise. */
export function go(path: string, selection: Selection | null = here.get().selection): void {
  const next = { path, selection }
  if (path !== here.get().path) history.pushState(null, '', formatPlace(next, location.search))
  else history.replaceState(null, '', formatPlace(next, location.search))
  here.set(next)
}

/** Selects one thing or nothing. Going through a queue with j and k must not fill the browser's history. */
export function select(selection: Selection | null): void {
  const now = here.get().selection
  if (now?.layer === selection?.layer && now?.id === selection?.id) return
  go(here.get().path, selection)
}
