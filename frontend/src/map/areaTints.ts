import { type FilterSpecification, Map as MapLibre, type MapMouseEvent } from 'maplibre-gl'
import { type Theme, tokens } from '../tokens/tokens'
import './map.css'
import type { Bbox, Locale, LonLat } from './types'
import './worker'

export type TintedBy = 'town' | 'village' | 'duty_grid' | 'unit_grid'

/** What stands on the map beside the borders: tints, circles with numbers, a heat map, arrows. */
export type DrawnAs = 'tint' | 'counts' | 'heat' | 'flows'

export interface TintedArea {
  id: number
  /** One of five tints, -1 for none. */
  tint: number
  /** What stands on the map, where a centre is known. */
  text: string
  center: LonLat | null
  /** Of a circle: 0 to 1, as large as its area. */
  share: number
}

/** Cases at places, and what makes their density 1 at the end of the ramp. */
export interface Heat {
  points: readonly { point: readonly number[]; count: number }[]
  /** For the middle of the map at a zoom. */
  intensity: (zoom: number, latitude: number) => number
}

export interface DrawnArrow {
  line: readonly (readonly number[])[]
  width: number
  text: string
}

/** A map whose areas are tinted by numbers. */
export interface AreaTints {
  show(by: TintedBy, areas: readonly TintedArea[], as: DrawnAs): void
  /** Shapes of duty grids, which no tile has. */
  shapes(outlines: GeoJSON.FeatureCollection): void
  heat(heat: Heat | null): void
  arrows(arrows: readonly DrawnArrow[], selected: number): void
  mark(id: number | null): void
  /** Nearer, where it is too small to be seen from here. */
  near(at: LonLat): void
  /** Draws which ground cameras see, over the areas, whose tints step back. */
  ground(on: boolean): void
  destroy(): void
}

/** Unit grids are too small to be told apart farther out. */
export const GRID_ZOOM = 11

/** Radius of the kernel of a heat map, in pixels of a desk. */
export const HEAT_RADIUS = 30

const kinds = ['town', 'village', 'duty_grid', 'unit_grid'] as const
const CIRCLE = 30

const tint = ['coalesce', ['feature-state', 'tint'], -1] as unknown as never
const opaque = ['case', ['<', tint, 0], 0.25, 0.86] as unknown as number

/** Where the last one stood: another theme or language keeps the view. */
let stood: { center: LonLat; zoom: number } | null = null

/** Throws where the browser cannot draw one. `onPick` names an area that was pressed, null for none. */
export function tintAreas(container: HTMLElement, options: { theme: Theme; locale: Locale; bbox: Bbox; onPick: (id: number | null) => void; onArrow: (index: number) => void; onZoom: (zoom: number, latitude: number) => void }): AreaTints {
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
  let as: DrawnAs = 'tint'
  let areas: readonly TintedArea[] = []
  let shapes: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
  let hot: Heat | null = null
  let drawn: readonly DrawnArrow[] = []
  let pressed = -1
  let marked: number | null = null
  let ready = false
  let standing = true
  let scale = 1
  let ground = false
  let places: string[] = []

  const at = () => (by === 'unit_grid' ? { source: 'unit_grid', sourceLayer: 'unit_grid' } : by === 'duty_grid' ? { source: 'duty_grid' } : { source: 'area', sourceLayer: 'area' })
  const only = (kind: TintedBy): FilterSpecification => ['==', ['get', 'level'], kind]
  const fill = (source: string, features: GeoJSON.Feature[]) => (map.getSource(source) as { setData?: (data: GeoJSON.FeatureCollection) => void } | undefined)?.setData?.({ type: 'FeatureCollection', features })
  const point = (coordinates: readonly number[], properties: Record<string, unknown>): GeoJSON.Feature => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...coordinates] } })
  const seen = (id: string, visible: boolean) => map.setLayoutProperty(id, 'visibility', visible ? 'visible' : 'none')
  const draw = () => {
    if (!ready) return
    for (const kind of kinds) for (const part of ['fill', 'line', 'mark']) seen(`tint-${kind}-${part}`, kind === by)
    for (const id of places) seen(id, by === 'unit_grid' || by === 'duty_grid' || as === 'heat') // no name stands twice
    seen('tint-circle', as === 'counts')
    seen('tint-heat', as === 'heat')
    for (const part of ['casing', 'line', 'head', 'text']) seen(`tint-arrow-${part}`, as === 'flows')
    for (const kind of kinds) map.setPaintProperty(`tint-${kind}-fill`, 'fill-opacity', ground ? 0 : opaque)
    seen('seen-ground', ground)
    map.removeFeatureState(at())
    for (const { id, tint } of areas) if (tint >= 0 && as === 'tint') map.setFeatureState({ ...at(), id }, { tint })
    if (marked !== null) map.setFeatureState({ ...at(), id: marked }, { marked: true })
    fill('tint-label', as === 'heat' ? [] : areas.flatMap(({ id, text, center, share }) => (center && (text || share > 0) ? [point(center, { id, text, share })] : [])))
    map.setLayoutProperty('tint-label', 'text-offset', as === 'flows' ? [0, 1.3] : [0, 0]) // below the place where heads of arrows meet
    map.setPaintProperty('tint-label', 'text-color', as === 'counts' ? colours.tint.at(-1) : colours.label)
  }
  const drawShapes = () => ready && fill('duty_grid', shapes.features)
  const drawHeat = () => {
    if (!ready) return
    fill('tint-heat', (hot?.points ?? []).map(({ point: place, count }) => point(place, { count })))
    if (hot) map.setPaintProperty('tint-heat', 'heatmap-intensity', hot.intensity(map.getZoom(), map.getCenter().lat))
  }
  const drawArrows = () => {
    if (!ready) return
    const lines = drawn.map(({ line, width, text }, index): GeoJSON.Feature => ({ type: 'Feature', properties: { index, width, text, pressed: index === pressed }, geometry: { type: 'LineString', coordinates: line.map((each) => [...each]) } }))
    fill('tint-arrow', lines)
    fill('tint-arrow-end', drawn.flatMap(({ line, width, text }, index) => {
      const [a, b] = [map.project(line.at(-2) as LonLat), map.project(line.at(-1) as LonLat)]
      const turn = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI
      return [point(line.at(-1)!, { index, width, turn, head: true }), point(line[Math.floor(line.length / 2)]!, { index, text, head: false })]
    }))
  }
  map.once('style.load', () => { // before the basemap's tiles are there: the numbers are what is waited for
    scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
    const style = map.getStyle().layers
    const above = style.find((layer) => layer.type === 'line' || layer.type === 'symbol')?.id // roads and names stay readable
    const font = style.flatMap((layer) => (layer.type === 'symbol' && Array.isArray(layer.layout?.['text-font']) ? [layer.layout['text-font'] as string[]] : []))[0]
    places = style.flatMap((layer) => (layer.type === 'symbol' && layer['source-layer'] === 'place' ? [layer.id] : []))
    map.addSource('duty_grid', { type: 'geojson', data: shapes })
    for (const name of ['area', 'unit_grid']) map.addSource(name, { type: 'vector', tiles: [`${location.origin}/tiles/${name}/{z}/{x}/{y}`], maxzoom: 14, ...(name === 'unit_grid' && { minzoom: GRID_ZOOM }) })
    for (const kind of kinds) {
      const source = kind === 'duty_grid' ? { source: 'duty_grid' } : kind === 'unit_grid' ? { source: 'unit_grid', 'source-layer': 'unit_grid', minzoom: GRID_ZOOM } : { source: 'area', 'source-layer': 'area', filter: only(kind) }
      map.addLayer({ id: `tint-${kind}-fill`, type: 'fill', ...source, paint: { 'fill-color': ['match', tint, 0, colours.tint[0], 1, colours.tint[1], 2, colours.tint[2], 3, colours.tint[3], 4, colours.tint[4], colours.land], 'fill-opacity': opaque } }, above)
      map.addLayer({ id: `tint-${kind}-line`, type: 'line', ...source, paint: { 'line-color': kind === 'duty_grid' ? colours.areaLine : colours.areaLineMajor, 'line-width': kind === 'town' ? 1.4 : kind === 'duty_grid' ? ['interpolate', ['linear'], ['zoom'], 9, 0.3, 12, 0.8] : 0.7 } })
      map.addLayer({ id: `tint-${kind}-mark`, type: 'line', ...source, paint: { 'line-color': colours.ring, 'line-width': 4 * scale, 'line-opacity': ['case', ['boolean', ['feature-state', 'marked'], false], 1, 0] } })
      map.on('mouseenter', `tint-${kind}-fill`, () => (map.getCanvas().style.cursor = 'pointer'))
      map.on('mouseleave', `tint-${kind}-fill`, () => (map.getCanvas().style.cursor = ''))
    }
    // 256 pixels of the server's for as many of the screen: its lines and dots stay sharp.
    map.addSource('seen-ground', { type: 'raster', tiles: [`${location.origin}/api/cameras/coverage/{z}/{x}/{y}?theme=${theme}`], tileSize: 256, minzoom: 9, maxzoom: 17, bounds: bbox })
    map.addLayer({ id: 'seen-ground', type: 'raster', source: 'seen-ground', layout: { visibility: 'none' }, paint: { 'raster-fade-duration': 0 } }, above)
    const empty = { type: 'geojson' as const, data: { type: 'FeatureCollection' as const, features: [] } }
    for (const name of ['tint-label', 'tint-heat', 'tint-arrow', 'tint-arrow-end']) map.addSource(name, empty)
    const [first, second, third, fourth, fifth] = colours.tint
    map.addLayer({
      id: 'tint-heat',
      type: 'heatmap',
      source: 'tint-heat',
      paint: {
        'heatmap-weight': ['get', 'count'],
        'heatmap-radius': HEAT_RADIUS * scale,
        'heatmap-opacity': 0.82,
        'heatmap-color': ['step', ['heatmap-density'], 'rgba(0,0,0,0)', 0.1, first, 0.2, second, 0.4, third, 0.6, fourth, 0.8, fifth],
      },
    }, above)
    const width = (more: number) => ['+', more, ['*', 1.7 * scale, ['get', 'width']]] as unknown as number
    const joins = { 'line-cap': 'round', 'line-join': 'round' } as const
    map.addLayer({ id: 'tint-arrow-casing', type: 'line', source: 'tint-arrow', layout: joins, paint: { 'line-color': colours.halo, 'line-width': width(3 * scale), 'line-opacity': 0.8 } })
    map.addLayer({ id: 'tint-arrow-line', type: 'line', source: 'tint-arrow', layout: joins, paint: { 'line-color': ['case', ['get', 'pressed'], colours.ring, fifth], 'line-width': width(0) } })
    map.addImage('tint-arrow', head(fifth, colours.halo), { pixelRatio: 2 })
    map.addLayer({
      id: 'tint-arrow-head',
      type: 'symbol',
      source: 'tint-arrow-end',
      filter: ['get', 'head'],
      layout: { 'icon-image': 'tint-arrow', 'icon-rotate': ['get', 'turn'], 'icon-rotation-alignment': 'viewport', 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-size': ['*', scale, ['+', 0.55, ['*', 0.14, ['get', 'width']]]] },
    })
    const words = { 'text-line-height': 1.15, ...(font && { 'text-font': font }) }
    const ink = { 'text-color': colours.label, 'text-halo-color': colours.halo, 'text-halo-width': 2 * scale }
    map.addLayer({ id: 'tint-arrow-text', type: 'symbol', source: 'tint-arrow-end', filter: ['!', ['get', 'head']], layout: { ...words, 'text-field': ['get', 'text'], 'text-size': 13 * scale }, paint: ink })
    map.addLayer({
      id: 'tint-circle',
      type: 'circle',
      source: 'tint-label',
      filter: ['>', ['get', 'share'], 0],
      layout: { 'circle-sort-key': ['-', 0, ['get', 'share']] },
      paint: { 'circle-radius': ['*', CIRCLE * scale, ['max', 0.3, ['sqrt', ['get', 'share']]]], 'circle-color': colours.halo, 'circle-opacity': 0.78, 'circle-stroke-color': fifth, 'circle-stroke-width': 2.5 * scale },
    })
    map.addLayer({ id: 'tint-label', type: 'symbol', source: 'tint-label', layout: { ...words, 'text-field': ['get', 'text'], 'text-size': 14 * scale, 'symbol-sort-key': ['-', 0, ['get', 'share']] }, paint: ink })
    ready = true
    draw()
    drawShapes()
    drawHeat()
    drawArrows()
  })
  map.once('idle', () => (container.dataset.drawn = ''))
  map.on('click', (event: MapMouseEvent) => {
    const arrow = ready && as === 'flows' ? map.queryRenderedFeatures(event.point, { layers: ['tint-arrow-line', 'tint-arrow-head', 'tint-arrow-text'] })[0]?.properties?.['index'] : undefined
    if (typeof arrow === 'number') return options.onArrow(arrow)
    const circle = ready && as === 'counts' ? map.queryRenderedFeatures(event.point, { layers: ['tint-circle'] })[0]?.properties?.['id'] : undefined
    const found = ready ? map.queryRenderedFeatures(event.point, { layers: [`tint-${by}-fill`] })[0] : undefined
    onPick(typeof circle === 'number' ? circle : typeof found?.id === 'number' ? found.id : null)
  })
  const moved = () => {
    const { lng, lat } = map.getCenter()
    stood = { center: [lng, lat], zoom: map.getZoom() }
    options.onZoom(map.getZoom(), lat)
    drawHeat()
  }
  map.on('moveend', moved)
  options.onZoom(map.getZoom(), map.getCenter().lat)
  return {
    show: (kind, next, how) => {
      if (ready && kind !== by) map.removeFeatureState(at())
      by = kind
      areas = next
      as = how
      draw()
    },
    shapes: (outlines) => {
      shapes = outlines
      drawShapes()
    },
    heat: (heat) => {
      hot = heat
      drawHeat()
    },
    arrows: (arrows, selected) => {
      drawn = arrows
      pressed = selected
      drawArrows()
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

/** The head of an arrow that points right. */
function head(colour: string, casing: string): ImageData {
  const size = 48
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = size
  const ink = canvas.getContext('2d')!
  ink.beginPath()
  ink.moveTo(12, 8)
  ink.lineTo(42, 24)
  ink.lineTo(12, 40)
  ink.closePath()
  ink.lineJoin = 'round'
  ink.lineWidth = 6
  ink.strokeStyle = casing
  ink.stroke()
  ink.fillStyle = colour
  ink.fill()
  return ink.getImageData(0, 0, size, size)
}
