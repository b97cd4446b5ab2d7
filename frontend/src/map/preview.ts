import { type LayerSpecification, Map as MapLibre, type MapGeoJSONFeature, type SourceSpecification, type StyleSpecification } from 'maplibre-gl'
import { type Theme, tokens } from '../tokens/tokens'
import './map.css'
import { layerNames } from './layerNames'
import { ground, placeLabels, roads, water } from './style/basemap'
import type { StyleEnv } from './style/env'
import type { Bbox, Locale, MapCatalog } from './types'
import './worker'

/** What the preview takes from a source (GET /api/sources). */
export interface PreviewSource {
  name: string
  format: string
  encoding?: string
  layers: { id: string }[]
  min_zoom: number
  max_zoom: number
  bbox?: number[]
}

/** One thing under the pointer. */
export interface Picked {
  layer: string
  id: string | null
  properties: Record<string, unknown>
}

export interface PreviewOptions {
  catalog: MapCatalog
  source: PreviewSource
  theme: Theme
  locale: Locale
  onPick(picked: Picked[]): void
  onZoom(zoom: number): void
  onError(error: Error): void
}

const SOURCE = 'previewed'
/** Pixels around the pointer in which a thing counts as hit. */
const REACH = 5

/** A map of one source over a quiet ground. Throws where the browser cannot draw one (no WebGL 2). */
export class PreviewMap {
  private readonly map: MapLibre
  private readonly stop = new AbortController()
  private layers: string[]

  constructor(
    private readonly container: HTMLElement,
    private readonly options: PreviewOptions,
  ) {
    const { source, catalog, locale } = options
    this.layers = source.layers.map(({ id }) => id)
    this.map = new MapLibre({
      container,
      style: this.style(),
      bounds: (source.bbox ?? catalog.county.bbox) as Bbox,
      fitBoundsOptions: { padding: 48, maxZoom: Math.max(source.min_zoom, 15) },
      attributionControl: false,
      maplibreLogo: false,
      maxZoom: 22,
      fadeDuration: 0,
      validateStyle: import.meta.env.DEV,
      locale: { 'Map.Title': locale === 'zh' ? '地图' : 'Map' },
    })
    this.map.on('error', (event) => options.onError(event.error instanceof Error ? event.error : new Error(String(event.error))))
    this.map.on('click', ({ point }) => this.pick(point.x, point.y))
    this.map.on('zoom', () => options.onZoom(this.map.getZoom()))
    this.map.once('load', () => {
      if (this.map.getZoom() < source.min_zoom) this.map.setZoom(source.min_zoom)
      options.onZoom(this.map.getZoom())
      if (this.isVector && this.layers.length === 0) void this.discover()
    })
    container.addEventListener('keydown', this.pressed, { signal: this.stop.signal })
  }

  zoomBy(delta: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + delta, duration: 200 })
  }

  home(): void {
    this.map.fitBounds((this.options.source.bbox ?? this.options.catalog.county.bbox) as Bbox, { padding: 48, duration: 0 })
  }

  destroy(): void {
    this.stop.abort()
    this.map.remove()
  }

  private get isVector(): boolean {
    return this.options.source.format.includes('mvt') || this.options.source.format.includes('vector-tile')
  }

  private env(): StyleEnv {
    const { catalog, theme, locale } = this.options
    return { tokens: tokens[theme], locale, catalog, origin: location.origin, scale: 1, hidden: new Set(), is3D: false } as unknown as StyleEnv
  }

  private style(): StyleSpecification {
    const { source, catalog } = this.options
    const env = this.env()
    const tiles = (name: string): string[] => [`${location.origin}/tiles/${encodeURIComponent(name)}/{z}/{x}/{y}`]
    const zooms = { minzoom: source.min_zoom, maxzoom: source.max_zoom }
    const base: SourceSpecification = { type: 'vector', tiles: tiles(catalog.basemap.source), maxzoom: 14 }
    const shown: SourceSpecification = this.isVector
      ? { type: 'vector', tiles: tiles(source.name), ...zooms }
      : source.encoding
        ? { type: 'raster-dem', tiles: tiles(source.name), encoding: source.encoding as 'terrarium' | 'mapbox', tileSize: 512, ...zooms }
        : { type: 'raster', tiles: tiles(source.name), tileSize: 256, ...zooms }
    return {
      version: 8,
      sources: { basemap: base, [SOURCE]: shown },
      layers: [...ground(env), ...water(env), ...roads(env), ...this.sourceLayers(), ...placeLabels(env, false)],
    }
  }

  /** A fill, an outline and dots for each layer: whatever its geometries are, they are seen. */
  private sourceLayers(): LayerSpecification[] {
    const { text, bg, map } = tokens[this.options.theme]
    if (!this.isVector) {
      return this.options.source.encoding
        ? [{ id: 'hills', type: 'hillshade', source: SOURCE, paint: { 'hillshade-shadow-color': map.hillShade, 'hillshade-highlight-color': map.hillLight } }]
        : [{ id: 'pictures', type: 'raster', source: SOURCE }]
    }
    return this.layers.flatMap((layer): LayerSpecification[] => [
      {
        id: `fill ${layer}`,
        type: 'fill',
        source: SOURCE,
        'source-layer': layer,
        filter: ['==', ['geometry-type'], 'Polygon'],
        paint: { 'fill-color': text, 'fill-opacity': 0.16 },
      },
      {
        id: `line ${layer}`,
        type: 'line',
        source: SOURCE,
        'source-layer': layer,
        filter: ['!=', ['geometry-type'], 'Point'],
        paint: { 'line-color': text, 'line-opacity': 0.85, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.7, 16, 2] },
      },
      {
        id: `dot ${layer}`,
        type: 'circle',
        source: SOURCE,
        'source-layer': layer,
        filter: ['==', ['geometry-type'], 'Point'],
        paint: { 'circle-color': text, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 6, 1.6, 16, 5], 'circle-stroke-color': bg, 'circle-stroke-width': 1 },
      },
    ])
  }

  /** A function that makes tiles does not say what is in them: a tile does. */
  private async discover(): Promise<void> {
    const { source } = this.options
    const z = Math.min(source.max_zoom, Math.max(source.min_zoom, Math.floor(this.map.getZoom())))
    const { lng, lat } = this.map.getCenter()
    const n = 2 ** z
    const sin = Math.sin((lat * Math.PI) / 180)
    const x = Math.floor((lng / 360 + 0.5) * n)
    const y = Math.floor((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * n)
    try {
      const answer = await fetch(`/tiles/${encodeURIComponent(source.name)}/${z}/${x}/${y}`, { signal: this.stop.signal })
      if (!answer.ok || answer.status === 204) return
      this.layers = layerNames(new Uint8Array(await answer.arrayBuffer()))
      this.map.setStyle(this.style())
    } catch (error) {
      if (!this.stop.signal.aborted) this.options.onError(error as Error)
    }
  }

  private pick(x: number, y: number): void {
    if (!this.isVector) return
    const ids = this.sourceLayers().map(({ id }) => id).filter((id) => this.map.getLayer(id))
    const found = this.map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]], { layers: ids })
    const seen = new Map<string, Picked>()
    for (const f of found as MapGeoJSONFeature[]) {
      const id = f.id === undefined ? null : String(f.id)
      seen.set(`${f.sourceLayer} ${id ?? JSON.stringify(f.properties)}`, { layer: f.sourceLayer ?? '', id, properties: f.properties })
    }
    this.options.onPick([...seen.values()].slice(0, 20))
  }

  /** Enter asks for what stands in the middle, where the crosshair is. Arrows, + and − are MapLibre's own. */
  private pressed = (event: KeyboardEvent): void => {
    if (event.target !== this.map.getCanvas() || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Enter') this.pick(this.container.clientWidth / 2, this.container.clientHeight / 2)
    else if (event.key === '0') this.home()
  }
}
