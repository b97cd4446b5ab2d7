import { type GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { settings } from '../app/settings'
import { moved } from '../captures/offset'
import type { LonLat } from '../lib/geo'
import { tokens } from '../tokens/tokens'
import './map.css'
import type { Bbox, Locale } from './types'
import './worker'

/** A capture as it is drawn. */
export interface ComparedPicture {
  tiles: string
  bbox: number[]
  min_zoom: number
  max_zoom: number
}

/** Zooms below a capture's own that the server makes of it. */
const COARSER = 5

/** Whether the pictures of what is seen have come. Of a part that did not come is told until the map moves, which asks for it again. */
export type PicturesState = 'loading' | 'shown' | 'failed'

/** Two maps that move as one. Throws where the browser cannot draw one. */
export class CompareMaps {
  private readonly maps: [MapLibre, MapLibre]
  private readonly shown: [string, string] = ['', '']
  private moving = false
  private state: PicturesState = 'loading'
  private missed = false
  /** Metres by which the second picture is moved to lie on the first. */
  private shift: [number, number] = [0, 0]
  private place: ((at: LonLat) => void) | null = null
  private drawn: { kind: 'line' | 'area'; points: readonly LonLat[] } = { kind: 'line', points: [] }

  constructor(containers: [HTMLElement, HTMLElement], bbox: Bbox, theme: string, locale: Locale, onMoved: (bbox: Bbox) => void, private readonly onState: (state: PicturesState) => void) {
    this.maps = containers.map(
      (container, i) =>
        new MapLibre({
          container,
          style: `${location.origin}/styles/${theme}.json?lang=${locale}`,
          bounds: bbox,
          fitBoundsOptions: { padding: 40 },
          attributionControl: false,
          maplibreLogo: false,
          fadeDuration: 0,
          maxZoom: 24,
          locale: { 'Map.Title': `${locale === 'zh' ? '地图' : 'Map'} ${'AB'[i]}` },
        }),
    ) as [MapLibre, MapLibre]
    this.maps.forEach((map, i) => {
      map.on('move', () => this.follow(i as 0 | 1))
      map.on('click', ({ lngLat }) => this.place?.(this.onFirst(i, [lngLat.lng, lngLat.lat])))
      map.on('moveend', () => {
        const b = map.getBounds()
        onMoved([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])
      })
      map.on('movestart', () => (this.missed = false))
      map.on('error', ({ error, ...rest }) => {
        console.warn('a tile of a capture was not drawn:', error.message)
        if ((rest as { sourceId?: string }).sourceId !== 'capture') return
        this.missed = true
        this.tell()
      })
      for (const event of ['sourcedataloading', 'sourcedata'] as const) map.on(event, ({ sourceId }) => sourceId === 'capture' && this.tell())
      map.on('idle', () => this.tell())
      map.once('load', () => {
        map.getContainer().dataset.drawn = ''
        this.follow(0)
        this.draw(i as 0 | 1)
      })
    })
  }

  /** Shows a capture on one of the maps. */
  show(which: 0 | 1, capture: ComparedPicture): void {
    const map = this.maps[which]
    this.shown[which] = capture.tiles
    this.missed = false
    const put = () => {
      if (this.shown[which] !== capture.tiles) return
      if (map.getLayer('capture')) map.removeLayer('capture')
      if (map.getSource('capture')) map.removeSource('capture')
      map.addSource('capture', { type: 'raster', tiles: [`${location.origin}/tiles/${capture.tiles}/{z}/{x}/{y}`], tileSize: 256, bounds: capture.bbox as Bbox, minzoom: Math.max(0, capture.min_zoom - COARSER), maxzoom: capture.max_zoom })
      map.addLayer({ id: 'capture', type: 'raster', source: 'capture', paint: { 'raster-fade-duration': 0 } }, map.getLayer('sketch-fill') ? 'sketch-fill' : undefined)
    }
    if (map.isStyleLoaded()) put()
    else map.once('load', put)
  }

  private tell(): void {
    const waits = this.maps.some((map) => !map.getSource('capture') || !map.isSourceLoaded('capture'))
    const state = this.missed ? 'failed' : waits ? 'loading' : 'shown'
    if (state === this.state) return
    this.state = state
    this.onState(state)
  }

  /** Moves the second picture by metres to the east and to the north. */
  correct(east: number, north: number): void {
    this.shift = [east, north]
    this.follow(0)
    this.draw(1)
  }

  /** Draws a line, or an outline that is not closed, on both maps; nothing for no points. */
  sketch(kind: 'line' | 'area', points: readonly LonLat[]): void {
    this.drawn = { kind, points }
    this.maps.forEach((map, i) => {
      if (map.isStyleLoaded()) this.draw(i as 0 | 1)
      else map.once('idle', () => this.draw(i as 0 | 1))
    })
  }

  /** Tells each place that is pressed, where the first picture has it, until it is called with null. */
  onPlace(listener: ((at: LonLat) => void) | null): void {
    this.place = listener
    for (const map of this.maps) {
      map.getCanvas().style.cursor = listener ? 'crosshair' : ''
      map.doubleClickZoom[listener ? 'disable' : 'enable']()
    }
  }

  /** What stands in the middle. */
  middle(): LonLat {
    const { lng, lat } = this.maps[0].getCenter()
    return [lng, lat]
  }

  fit(bbox: number[]): void {
    this.maps[0].fitBounds(bbox as Bbox, { padding: 40, duration: 0 })
  }

  resize(): void {
    for (const map of this.maps) map.resize()
    this.follow(0)
  }

  destroy(): void {
    for (const map of this.maps) map.remove()
  }

  /** A place of one of the maps, as the first one has it. */
  private onFirst(which: number, at: LonLat): LonLat {
    return which === 1 ? moved(at, ...this.shift) : at
  }

  private draw(which: 0 | 1): void {
    const map = this.maps[which]
    if (!map.isStyleLoaded() && !map.getSource('sketch')) return
    const { kind, points } = this.drawn
    const at = points.map((p) => (which === 1 ? moved(p, -this.shift[0], -this.shift[1]) : p))
    const closed = kind === 'area' && at.length > 2
    const features: GeoJSON.Feature[] = [
      ...at.map((coordinates): GeoJSON.Feature => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates } })),
      ...(at.length > 1 ? [{ type: 'Feature', properties: {}, geometry: closed ? { type: 'Polygon', coordinates: [[...at, at[0]!]] } : { type: 'LineString', coordinates: at } } as GeoJSON.Feature] : []),
    ]
    const data: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features }
    const source = map.getSource<GeoJSONSource>('sketch')
    if (source) {
      source.setData(data)
      return
    }
    const colour = tokens[settings.get().theme].select
    map.addSource('sketch', { type: 'geojson', data })
    map.addLayer({ id: 'sketch-fill', type: 'fill', source: 'sketch', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': colour, 'fill-opacity': 0.2 } })
    map.addLayer({ id: 'sketch-casing', type: 'line', source: 'sketch', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': '#000', 'line-width': 5, 'line-opacity': 0.6 } })
    map.addLayer({ id: 'sketch-line', type: 'line', source: 'sketch', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': colour, 'line-width': 2.5 } })
    map.addLayer({ id: 'sketch-dots', type: 'circle', source: 'sketch', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 4.5, 'circle-color': colour, 'circle-stroke-color': '#000', 'circle-stroke-width': 1 } })
  }

  private follow(from: 0 | 1): void {
    if (this.moving || !this.maps) return // while the first of the two is made
    this.moving = true
    const map = this.maps[from]
    const { lng, lat } = map.getCenter()
    const away = from === 0 ? -1 : 1
    this.maps[1 - from]!.jumpTo({ center: moved([lng, lat], away * this.shift[0], away * this.shift[1]), zoom: map.getZoom(), bearing: map.getBearing(), pitch: map.getPitch() })
    this.moving = false
  }
}
