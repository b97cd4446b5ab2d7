import type { Map as MapLibre, MapSourceDataEvent, RequestParameters } from 'maplibre-gl'
import type { LiveStore } from '../live/store'
import { TileFreshness, type TileId } from './freshness'
import type { MapCatalog } from './types'

/** Layers whose tiles change under the map's eyes. */
export const tiledLayers = ['camera', 'area', 'unit_grid'] as const

/** Asks again for exactly those tiles on the screen that the server named as changed, and for hidden ones when they come back. */
export class LiveTiles {
  private readonly fresh = new Map<string, TileFreshness>()
  private readonly stops: (() => void)[] = []
  private map: MapLibre | null = null

  constructor(
    private readonly catalog: MapCatalog,
    private readonly origin: string,
  ) {
    for (const name of tiledLayers) this.fresh.set(name, new TileFreshness())
  }

  /** To be given to MapLibre: notes what is asked for, and has live tiles checked with the server each time. */
  transformRequest = (url: string): RequestParameters | undefined => {
    if (!url.startsWith(`${this.origin}/tiles/`)) return undefined
    const [name, z, x, y] = url.slice(this.origin.length + '/tiles/'.length).replace(/\?.*/, '').split('/')
    const fresh = this.fresh.get(name ?? '')
    if (!fresh) return undefined
    fresh.requested({ z: Number(z), x: Number(x), y: Number(y) })
    return { url, cache: 'no-cache' }
  }

  attach(map: MapLibre, live: LiveStore): void {
    this.map = map
    for (const name of tiledLayers) {
      this.stops.push(
        live.layer(name).subscribe(({ tiles }) => {
          if (tiles !== 'all' && tiles.size === 0) return
          this.fresh.get(name)!.name(tiles)
          this.renew(name)
        }),
      )
    }
    const rested = (): void => tiledLayers.forEach((name) => this.renew(name))
    const arrived = (event: MapSourceDataEvent): void => {
      if (event.tile && this.fresh.has(event.sourceId)) this.renew(event.sourceId) // a tile that was under way when it was named
    }
    map.on('moveend', rested)
    map.on('sourcedata', arrived)
    this.stops.push(
      () => map.off('moveend', rested),
      () => map.off('sourcedata', arrived),
    )
  }

  detach(): void {
    for (const stop of this.stops.splice(0)) stop()
    this.map = null
  }

  private renew(name: string): void {
    const map = this.map
    if (!map?.getSource(name)) return
    const layer = this.catalog.layers.find((l) => l.name === name)
    const covering = map.coveringTiles({ tileSize: 512, minzoom: layer?.min_zoom ?? 0, maxzoom: layer?.max_zoom ?? 14 })
    // while zooming, MapLibre shows parents until their children have come: those are renewed along
    const visible = new Map<string, TileId>()
    for (const { canonical } of covering) {
      let { z, x, y } = canonical
      for (; z >= 0; z--, x >>= 1, y >>= 1) visible.set(`${z}/${x}/${y}`, { z, x, y })
    }
    const stale = this.fresh.get(name)!.stale([...visible.values()])
    if (stale.length > 0) map.refreshTiles(name, stale)
  }
}
