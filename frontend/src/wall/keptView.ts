import { settings } from '../app/settings'
import { theMap } from '../app/workbench'
import { shownLayers, shownPicture, shownTilesets } from '../features/layers/tree'
import { REFERENCE } from './motion'
import type { Scene } from './socket'

const key = 'wanglou.wall.view'

/** Remembers what the console's map shows, for the page that makes scenes of it. */
export function keepView(): void {
  const view = theMap.get()?.view
  const height = document.querySelector('[data-testid=map]')?.clientHeight
  if (!view || !height) return
  const { theme, locale } = settings.get()
  const hidden = Object.entries(shownLayers.get()).flatMap(([layer, shown]) => (shown ? [] : [layer]))
  const picture = shownPicture.get()
  const tilesets = shownTilesets.get()
  const scene: Omit<Scene, 'name' | 'dwell_s'> = {
    ...view,
    zoom: Math.min(20, Math.max(3, view.zoom - Math.log2(height / REFERENCE))),
    theme,
    lang: locale,
    hidden,
    ...(picture !== null && { picture }),
    ...(tilesets.length > 0 && { tilesets: [...tilesets] }),
  }
  sessionStorage.setItem(key, JSON.stringify(scene))
}

/** What the console's map showed last in this tab; null where there was none. */
export function keptView(): Omit<Scene, 'name' | 'dwell_s'> | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') as Omit<Scene, 'name' | 'dwell_s'> | null
  } catch {
    return null
  }
}
