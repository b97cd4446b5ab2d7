import { type GeoJSONSource, Map as MapLibre, Marker } from 'maplibre-gl'
import type { CornerPath, DrawnOutline } from '../admin/outline'
import type { LonLat } from '../lib/geo'
import { type Theme, tokens } from '../tokens/tokens'
import './map.css'
import type { Bbox, Locale } from './types'
import './worker'

/** Corners that can be taken hold of; of longer outlines the text is edited. */
const MOST_HANDLES = 300
/** Pixels by which an arrow key moves a corner. */
const STEP = 4

export interface OutlineOptions {
  theme: Theme
  locale: Locale
  bbox: Bbox
  corner(n: number): string
  onAdd(at: LonLat): void
  onMove(path: CornerPath, to: LonLat): void
  onRemove(path: CornerPath): void
  onSplit(path: CornerPath): void
}

/** A map on which an outline is drawn. Throws where the browser cannot draw one. */
export class OutlineMap {
  private readonly map: MapLibre
  private handles: Marker[] = []
  private outline: DrawnOutline = []
  private held: string | null = null

  constructor(
    container: HTMLElement,
    private readonly options: OutlineOptions,
  ) {
    const { theme, locale, bbox } = options
    this.map = new MapLibre({
      container,
      style: `${location.origin}/styles/${theme}.json?lang=${locale}`,
      bounds: bbox,
      fitBoundsOptions: { padding: 48, maxZoom: 18 },
      attributionControl: { compact: true },
      maplibreLogo: false,
      fadeDuration: 0,
      doubleClickZoom: false,
      maxZoom: 22,
      locale: { 'Map.Title': locale === 'zh' ? '绘图区' : 'Drawing' },
    })
    this.map.getCanvas().style.cursor = 'crosshair'
    this.map.on('click', ({ lngLat }) => options.onAdd([lngLat.lng, lngLat.lat]))
    this.map.once('load', () => {
      const color = tokens[theme].select
      this.map.addSource('outline', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
      this.map.addLayer({ id: 'outline-fill', type: 'fill', source: 'outline', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': color, 'fill-opacity': 0.22 } })
      this.map.addLayer({ id: 'outline-line', type: 'line', source: 'outline', paint: { 'line-color': color, 'line-width': 2.5 } })
      this.draw()
      container.dataset.drawn = ''
    })
  }

  show(outline: DrawnOutline): void {
    this.outline = outline
    this.draw()
    for (const handle of this.handles) handle.remove()
    this.handles = []
    let n = 0
    if (outline.flat(2).length > MOST_HANDLES) return
    outline.forEach((polygon, p) => polygon.forEach((ring, r) => ring.forEach((at, c) => this.handle([p, r, c], at, ++n))))
  }

  /** What stands in the middle. */
  middle(): LonLat {
    const { lng, lat } = this.map.getCenter()
    return [lng, lat]
  }

  fit(bbox: Bbox): void {
    this.map.fitBounds(bbox, { padding: 48, maxZoom: 18, duration: 0 })
  }

  destroy(): void {
    this.map.remove()
  }

  private handle(path: CornerPath, at: LonLat, n: number): void {
    const element = document.createElement('button')
    element.type = 'button'
    element.className = 'outline-corner'
    element.setAttribute('aria-label', this.options.corner(n))
    element.title = this.options.corner(n)
    const marker = new Marker({ element, draggable: true }).setLngLat(at).addTo(this.map)
    element.addEventListener('click', (event) => event.stopPropagation())
    element.addEventListener('dblclick', (event) => {
      event.stopPropagation()
      this.options.onSplit(path)
    })
    element.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key]
      if (by) {
        const { x, y } = this.map.project(at)
        const { lng, lat } = this.map.unproject([x + by[0]!, y + by[1]!])
        this.held = path.join()
        this.options.onMove(path, [lng, lat])
      } else if (event.key === 'Delete') this.options.onRemove(path)
      else if (event.key === '+') this.options.onSplit(path)
      else return
      event.preventDefault()
      event.stopPropagation()
    })
    marker.on('dragend', () => {
      const { lng, lat } = marker.getLngLat()
      this.options.onMove(path, [lng, lat])
    })
    marker.on('drag', () => {
      const { lng, lat } = marker.getLngLat()
      this.draw(path, [lng, lat])
    })
    this.handles.push(marker)
    if (this.held === path.join()) { // the keyboard stays on the corner that it moves
      this.held = null
      element.focus({ preventScroll: true })
    }
  }

  /** Draws the outline, with one corner where it is dragged to. */
  private draw(path?: CornerPath, to?: LonLat): void {
    const source = this.map.getSource<GeoJSONSource>('outline')
    if (!source) return
    const features: GeoJSON.Feature[] = []
    this.outline.forEach((polygon, p) => {
      const rings = polygon.map((ring, r) => ring.map((at, c) => (path && to && path[0] === p && path[1] === r && path[2] === c ? to : at))).filter((ring) => ring.length > 0)
      const whole = rings.every((ring) => ring.length > 2)
      if (whole) features.push({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: rings.map((ring) => [...ring, ring[0]!]) } })
      else for (const ring of rings) features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: ring.length > 1 ? ring : [ring[0]!, ring[0]!] } })
    })
    void source.setData({ type: 'FeatureCollection', features })
  }
}
