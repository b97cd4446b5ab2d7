import { type GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { settings } from '../app/settings'
import { tokens } from '../tokens/tokens'
import './map.css'
import type { Bbox, Locale } from './types'
import './worker'

/** Where to fly: `why` is reflight, never or stale; `ordered` where somebody was sent; `key` names it. */
export type FlightFeature = GeoJSON.Feature<GeoJSON.Geometry, { key: string; why: string; ordered: boolean }>

/** A box around shapes; undefined for none. */
export function boxOf(shapes: readonly GeoJSON.Geometry[]): Bbox | undefined {
  const box: [number, number, number, number] = [180, 90, -180, -90]
  const reach = (at: unknown): void => {
    if (!Array.isArray(at)) return
    if (typeof at[0] !== 'number') return at.forEach(reach)
    const [lon, lat] = at as [number, number]
    box[0] = Math.min(box[0], lon)
    box[1] = Math.min(box[1], lat)
    box[2] = Math.max(box[2], lon)
    box[3] = Math.max(box[3], lat)
  }
  for (const shape of shapes) if ('coordinates' in shape) reach(shape.coordinates)
  return box[0] <= box[2] ? (box as Bbox) : undefined
}

/** A map of what should be flown: re-flights as bold rings, areas never flown filled, stale ones lightly; what is ordered has a dashed border. Throws where the browser cannot draw one. */
export class FlightMap {
  private readonly map: MapLibre
  private features: FlightFeature[] = []
  private chosen = ''
  private fitted = false

  constructor(container: HTMLElement, locale: Locale, onPick: (key: string) => void) {
    const theme = settings.get().theme
    const colours = tokens[theme]
    this.map = new MapLibre({ container, style: `${location.origin}/styles/${theme}.json?lang=${locale}`, center: [119.69, 29.8], zoom: 9, attributionControl: { compact: true }, maplibreLogo: false, fadeDuration: 0, locale: { 'Map.Title': locale === 'zh' ? '飞行计划图' : 'Map of flights' } })
    this.map.once('load', () => {
      this.map.addSource('flights', { type: 'geojson', data: this.data() })
      const why = (name: string) => ['==', ['get', 'why'], name] as ['==', ...unknown[]]
      this.map.addLayer({ id: 'flights-fill', type: 'fill', source: 'flights', paint: { 'fill-color': colours.select, 'fill-opacity': ['case', why('never'), 0.34, why('stale'), 0.14, 0.5] as never } })
      this.map.addLayer({ id: 'flights-line', type: 'line', source: 'flights', filter: ['!', ['get', 'ordered']], paint: { 'line-color': colours.select, 'line-width': ['case', why('reflight'), 4, 1.4] as never } })
      this.map.addLayer({ id: 'flights-ordered', type: 'line', source: 'flights', filter: ['get', 'ordered'], paint: { 'line-color': colours.text, 'line-width': 2, 'line-dasharray': [3, 2] } })
      this.map.addLayer({ id: 'flights-chosen', type: 'line', source: 'flights', filter: ['==', ['get', 'key'], this.chosen], paint: { 'line-color': colours.text, 'line-width': 3.5 } })
      this.map.on('click', 'flights-fill', ({ features }) => features?.[0] && onPick(String(features[0].properties.key)))
      container.dataset.drawn = ''
      this.show(this.features)
    })
  }

  show(features: FlightFeature[]): void {
    this.features = features
    this.map.getSource<GeoJSONSource>('flights')?.setData(this.data())
    const box = boxOf(features.map(({ geometry }) => geometry))
    if (box && !this.fitted) this.map.fitBounds(box, { padding: 40, duration: 0 })
    this.fitted ||= !!box
  }

  choose(key: string): void {
    this.chosen = key
    if (this.map.getLayer('flights-chosen')) this.map.setFilter('flights-chosen', ['==', ['get', 'key'], key])
    const box = boxOf(this.features.filter(({ properties }) => properties.key === key).map(({ geometry }) => geometry))
    if (box) this.map.fitBounds(box, { padding: 80, maxZoom: 16, duration: 300 })
  }

  destroy(): void {
    this.map.remove()
  }

  private data(): GeoJSON.FeatureCollection {
    return { type: 'FeatureCollection', features: this.features }
  }
}
