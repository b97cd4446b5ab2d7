import maplibreWorkerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { type FilterSpecification, Map as MapLibre, type MapMouseEvent, setWorkerUrl } from 'maplibre-gl'
import { type Theme, tokens } from '../tokens/tokens'
import './map.css'
import type { Bbox, Locale, LonLat } from './types'

setWorkerUrl(maplibreWorkerUrl)

export type TintedBy = 'town' | 'village' | 'unit_grid'

export interface TintedArea {
  id: number
  /** One of five tints, -1 for none. */
  tint: number
  /** What stands on the map, where a centre is known. */
  text: string
  center: LonLat | null
}

/** A map whose areas are tinted by numbers. */
export interface AreaTints {
  show(by: TintedBy, areas: readonly TintedArea[]): void
  mark(id: number | null): void
  /** Nearer, where it is too small to be seen from here. */
  near(at: LonLat): void
  /** Draws which ground cameras see, over the areas, whose tints step back. */
  ground(on: boolean): void
  destroy(): void
}

/** Unit grids are too small to be told apart farther out. */
export const GRID_ZOOM = 11

/** Where the last one stood: another theme or language keeps the view. */
let stood: { center: LonLat; zoom: number } | null = null

/** Throws where the browser cannot draw one. `onPick` names an area that was pressed, null for none. */
export function tintAreas(container: HTMLElement, options: { theme: Theme; locale: Locale; bbox: Bbox; onPick: (id: number | null) => void; onZoom: (zoom: number) => void }): AreaTints {
  const { theme, locale, bbox, onPick } = options
  const colours = tokens[theme].map
  const map = new MapLibre({
    container,
    style: `${location.origin}/styles/${theme}.json?lang=${locale}`,
    ...(stood ?? { bounds: bbox, fitBoundsOptions: { padding: 30 } }),
    attributionControl: { compact: true },
    maplibreLogo: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    renderWorldCopies: false,
    locale: { 'Map.Title': locale === 'zh' ? '统计地图' : 'Map of statistics' },
  })
  let by: TintedBy = 'town'
  let areas: readonly TintedArea[] = []
  let marked: number | null = null
  let ready = false
  let standing = true
  let scale = 1
  let ground = false
  let places: string[] = []

  const at = () => (by === 'unit_grid' ? { source: 'unit_grid', sourceLayer: 'unit_grid' } : { source: 'area', sourceLayer: 'area' })
  const only = (kind: TintedBy): FilterSpecification => (kind === 'unit_grid' ? true as unknown as FilterSpecification : ['==', ['get', 'level'], kind])
  const draw = () => {
    if (!ready) return
    for (const kind of ['town', 'village', 'unit_grid'] as const) {
      for (const part of ['fill', 'line', 'mark']) map.setLayoutProperty(`tint-${kind}-${part}`, 'visibility', kind === by ? 'visible' : 'none')
    }
    for (const id of places) map.setLayoutProperty(id, 'visibility', by === 'unit_grid' ? 'visible' : 'none') // no name stands twice
    const painted = ['case', ['<', ['coalesce', ['feature-state', 'tint'], -1], 0], 0.25, 0.86] as unknown as never
    for (const kind of ['town', 'village', 'unit_grid']) map.setPaintProperty(`tint-${kind}-fill`, 'fill-opacity', ground ? 0 : painted)
    map.setLayoutProperty('seen-ground', 'visibility', ground ? 'visible' : 'none')
    map.removeFeatureState(at())
    for (const { id, tint } of areas) if (tint >= 0) map.setFeatureState({ ...at(), id }, { tint })
    if (marked !== null) map.setFeatureState({ ...at(), id: marked }, { marked: true })
    const names = areas.flatMap(({ text, center }) => (center && text ? [{ type: 'Feature' as const, properties: { text }, geometry: { type: 'Point' as const, coordinates: center } }] : []))
    ;(map.getSource('tint-label') as { setData?: (data: GeoJSON.FeatureCollection) => void } | undefined)?.setData?.({ type: 'FeatureCollection', features: names })
  }
  map.once('load', () => {
    scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
    const style = map.getStyle().layers
    const above = style.find((layer) => layer.type === 'line' || layer.type === 'symbol')?.id // roads and names stay readable
    const font = style.flatMap((layer) => (layer.type === 'symbol' && Array.isArray(layer.layout?.['text-font']) ? [layer.layout['text-font'] as string[]] : []))[0]
    places = style.flatMap((layer) => (layer.type === 'symbol' && layer['source-layer'] === 'place' ? [layer.id] : []))
    for (const name of ['area', 'unit_grid']) map.addSource(name, { type: 'vector', tiles: [`${location.origin}/tiles/${name}/{z}/{x}/{y}`], maxzoom: 14, ...(name === 'unit_grid' && { minzoom: GRID_ZOOM }) })
    const tint = ['coalesce', ['feature-state', 'tint'], -1] as unknown as never
    for (const kind of ['town', 'village', 'unit_grid'] as const) {
      const source = kind === 'unit_grid' ? { source: 'unit_grid', 'source-layer': 'unit_grid', minzoom: GRID_ZOOM } : { source: 'area', 'source-layer': 'area', filter: only(kind) }
      map.addLayer({ id: `tint-${kind}-fill`, type: 'fill', ...source, paint: { 'fill-color': ['match', tint, 0, colours.tint[0], 1, colours.tint[1], 2, colours.tint[2], 3, colours.tint[3], 4, colours.tint[4], colours.land], 'fill-opacity': ['case', ['<', tint, 0], 0.25, 0.86] } }, above)
      map.addLayer({ id: `tint-${kind}-line`, type: 'line', ...source, paint: { 'line-color': colours.areaLineMajor, 'line-width': kind === 'town' ? 1.4 : 0.7 } })
      map.addLayer({ id: `tint-${kind}-mark`, type: 'line', ...source, paint: { 'line-color': colours.ring, 'line-width': 4 * scale, 'line-opacity': ['case', ['boolean', ['feature-state', 'marked'], false], 1, 0] } })
      map.on('mouseenter', `tint-${kind}-fill`, () => (map.getCanvas().style.cursor = 'pointer'))
      map.on('mouseleave', `tint-${kind}-fill`, () => (map.getCanvas().style.cursor = ''))
    }
    // 256 pixels of the server's for as many of the screen: its lines and dots stay sharp.
    map.addSource('seen-ground', { type: 'raster', tiles: [`${location.origin}/api/cameras/coverage/{z}/{x}/{y}?theme=${theme}`], tileSize: 256, minzoom: 9, maxzoom: 17, bounds: bbox })
    map.addLayer({ id: 'seen-ground', type: 'raster', source: 'seen-ground', layout: { visibility: 'none' }, paint: { 'raster-fade-duration': 0 } }, above)
    map.addSource('tint-label', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
    map.addLayer({
      id: 'tint-label',
      type: 'symbol',
      source: 'tint-label',
      layout: { 'text-field': ['get', 'text'], 'text-size': 14 * scale, 'text-line-height': 1.15, ...(font && { 'text-font': font }) },
      paint: { 'text-color': colours.label, 'text-halo-color': colours.halo, 'text-halo-width': 2 * scale },
    })
    ready = true
    draw()
  })
  map.once('idle', () => (container.dataset.drawn = ''))
  map.on('click', (event: MapMouseEvent) => {
    const found = ready ? map.queryRenderedFeatures(event.point, { layers: [`tint-${by}-fill`] })[0] : undefined
    onPick(typeof found?.id === 'number' ? found.id : null)
  })
  const moved = () => {
    const { lng, lat } = map.getCenter()
    stood = { center: [lng, lat], zoom: map.getZoom() }
    options.onZoom(map.getZoom())
  }
  map.on('moveend', moved)
  options.onZoom(map.getZoom())
  return {
    show: (kind, next) => {
      if (ready && kind !== by) map.removeFeatureState(at())
      by = kind
      areas = next
      draw()
    },
    mark: (id) => {
      if (ready && marked !== null) map.setFeatureState({ ...at(), id: marked }, { marked: false })
      marked = id
      if (ready && id !== null) map.setFeatureState({ ...at(), id }, { marked: true })
    },
    near: (at) => {
      if (standing) map.easeTo({ center: at, zoom: Math.max(map.getZoom(), GRID_ZOOM + 1.5), animate: !matchMedia('(prefers-reduced-motion: reduce)').matches })
    },
    ground: (on) => {
      ground = on
      draw()
    },
    destroy: () => {
      ready = standing = false // what the page still tells it, it hears no more
      map.remove()
    },
  }
}
