import type { Catalog } from '../../api/types'
import { createStore } from '../../lib/store'
import { type MapLayerId, mapLayers } from '../../map/types'

export interface TreeLayer {
  id: MapLayerId
  /** Key of its wording, where the catalogue has no title for it. */
  label?: string
  title?: { zh: string; en: string }
  /** Name of the live layer whose size is shown. */
  live?: string
}

export interface TreeGroup {
  group: 'work' | 'watch' | 'land' | 'base'
  layers: TreeLayer[]
}

/** Which parts of the map a person wants to see, by legend id. */
export const shownLayers = createStore<Record<MapLayerId, boolean>>(Object.fromEntries(mapLayers.map((id) => [id, true])) as Record<MapLayerId, boolean>)

/** Which photographed landscapes are shown, and how each does. */
export const shownTilesets = createStore<readonly string[]>([])
export const tilesetStates = createStore<Readonly<Record<string, 'loading' | 'shown' | 'failed'>>>({})

/** Which picture of the catalogue lies on the ground; null for the drawn map. */
export const shownPicture = createStore<string | null>(null)

const plan: { group: TreeGroup['group']; layers: TreeLayer[] }[] = [
  { group: 'work', layers: [{ id: 'incident', live: 'incident' }, { id: 'detection', live: 'detection' }, { id: 'unit', live: 'unit' }, { id: 'marking', live: 'marking' }] },
  { group: 'watch', layers: [{ id: 'camera', live: 'camera' }] },
  { group: 'land', layers: [{ id: 'choropleth', label: 'layers.load' }, { id: 'unit_grid', live: 'unit_grid' }] },
  { group: 'base', layers: [{ id: 'building', label: 'layers.buildings' }, { id: 'place', label: 'layers.labels' }, { id: 'terrain', label: 'layers.terrain' }] },
]

/** The tree of what can be switched, with the catalogue's own titles; layers that this installation does not have are left out. */
export function tree(catalog: Catalog): TreeGroup[] {
  const titles = new Map(catalog.layers.map((layer) => [layer.name, layer.title]))
  return plan
    .map(({ group, layers }) => ({
      group,
      layers: layers.flatMap((layer): TreeLayer[] => {
        if (layer.id === 'terrain') return catalog.basemap.terrain ? [layer] : []
        if (layer.label) return [layer]
        const title = titles.get(layer.id)
        return title ? [{ ...layer, title }] : []
      }),
    }))
    .filter(({ layers }) => layers.length > 0)
}
