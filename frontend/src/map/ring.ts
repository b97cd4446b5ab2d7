import { Map as MapLibre } from 'maplibre-gl'
import { settings } from '../app/settings'
import { tokens } from '../tokens/tokens'
import type { LonLat } from '../lib/geo'
import './map.css'
import type { Locale } from './types'
import './worker'

/** A small map of where polygons lie. Throws where the browser cannot draw one. Returns how to take it away. */
export function drawShapes(container: HTMLElement, shapes: readonly GeoJSON.Geometry[], locale: Locale): () => void {
  const theme = settings.get().theme
  const box: [number, number, number, number] = [180, 90, -180, -90]
  const reach = (at: unknown): void => {
    if (!Array.isArray(at)) return
    if (typeof at[0] !== 'number') return at.forEach(reach)
    const [lon, lat] = at as LonLat
    box[0] = Math.min(box[0], lon)
    box[1] = Math.min(box[1], lat)
    box[2] = Math.max(box[2], lon)
    box[3] = Math.max(box[3], lat)
  }
  for (const shape of shapes) if ('coordinates' in shape) reach(shape.coordinates)
  const map = new MapLibre({
    container,
    style: `${location.origin}/styles/${theme}.json?lang=${locale}`,
    bounds: box,
    fitBoundsOptions: { padding: 32, maxZoom: 16 },
    attributionControl: { compact: true },
    maplibreLogo: false,
    locale: { 'Map.Title': locale === 'zh' ? '位置图' : 'Map of places' },
  })
  map.once('load', () => {
    map.addSource('shapes', { type: 'geojson', data: { type: 'FeatureCollection', features: shapes.map((geometry) => ({ type: 'Feature', properties: {}, geometry })) } })
    map.addLayer({ id: 'shapes-fill', type: 'fill', source: 'shapes', paint: { 'fill-color': tokens[theme].select, 'fill-opacity': 0.25 } })
    map.addLayer({ id: 'shapes-line', type: 'line', source: 'shapes', paint: { 'line-color': tokens[theme].select, 'line-width': 2 } })
  })
  return () => map.remove()
}

/** A small map of where a ring lies. Throws where the browser cannot draw one. Returns how to take it away. */
export function drawRing(container: HTMLElement, ring: readonly LonLat[], locale: Locale): () => void {
  const theme = settings.get().theme
  const lons = ring.map(([lon]) => lon)
  const lats = ring.map(([, lat]) => lat)
  const map = new MapLibre({
    container,
    style: `${location.origin}/styles/${theme}.json?lang=${locale}`,
    bounds: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)],
    fitBoundsOptions: { padding: 60, maxZoom: 13 },
    attributionControl: { compact: true },
    maplibreLogo: false,
    locale: { 'Map.Title': locale === 'zh' ? '位置图' : 'Map of places' },
  })
  map.once('load', () => {
    map.addSource('ring', { type: 'geojson', data: { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring as [number, number][]] } } })
    map.addLayer({ id: 'ring', type: 'line', source: 'ring', paint: { 'line-color': tokens[theme].select, 'line-width': 3 } })
    map.addLayer({ id: 'ring-middle', type: 'circle', source: { type: 'geojson', data: { type: 'Point', coordinates: [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2] } }, paint: { 'circle-radius': 6, 'circle-color': tokens[theme].select } })
  })
  return () => map.remove()
}
