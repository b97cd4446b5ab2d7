import { Map as MapLibre } from 'maplibre-gl'
import './map.css'
import type { LonLat } from '../lib/geo'
import type { Drawable } from './markings/shapes'
import { spread } from './spread'
import type { Bbox, Locale } from './types'
import './worker'

export interface PicturePoint {
  at: LonLat
  text: string
  severity: number
}

/** Two numbers this far apart leave each other legible, pixels. */
const SPACING = 34

/** A still map of numbered points, and of what was drawn around them, on paper's colours, kept for the printer. Numbers that would lie over each other stand side by side, or the gravest stands for all of them with their count. Throws where the browser cannot draw one. Returns how to take it away. */
export function drawPicture(container: HTMLElement, points: readonly PicturePoint[], drawn: readonly { id: number; row: Drawable }[], bbox: Bbox, locale: Locale): () => void {
  const map = new MapLibre({
    container,
    style: `${location.origin}/styles/light.json?lang=${locale}`,
    bounds: points.length ? boxOf(points) : bbox,
    fitBoundsOptions: { padding: 40, maxZoom: 15 },
    interactive: false,
    attributionControl: { compact: false },
    maplibreLogo: false,
    fadeDuration: 0,
    pixelRatio: 2,
    canvasContextAttributes: { preserveDrawingBuffer: true },
    locale: { 'Map.Title': locale === 'zh' ? '位置图' : 'Map of places' },
  })
  if (drawn.length > 0)
    map.once('style.load', () => {
      void import('./markings/scene').then(({ drawOnPaper }) => drawOnPaper(map, drawn, locale))
    })
  const signs: { element: HTMLElement; at: LonLat; more: HTMLElement }[] = []
  for (const { at, text, severity } of points) {
    const element = document.createElement('span')
    element.className = `review-point review-point-${severity}`
    element.textContent = text
    const more = document.createElement('small')
    element.append(more)
    container.append(element)
    signs.push({ element, at, more })
  }
  const place = () => {
    const where = signs.map(({ at }, i) => ({ key: String(i).padStart(4, '0'), ...map.project(at), weight: points[i]!.severity }))
    const placed = spread(where, SPACING)
    signs.forEach(({ element, more }, i) => {
      const { key, x, y } = where[i]!
      const { dx, dy, count } = placed.get(key)!
      element.hidden = count === 0
      more.textContent = count > 1 ? `+${count - 1}` : ''
      element.style.translate = `calc(${x + dx}px - 50%) calc(${y + dy}px - 50%)`
    })
  }
  place()
  map.on('resize', place)
  map.once('idle', () => (container.dataset.drawn = ''))
  return () => {
    map.remove()
    for (const { element } of signs) element.remove()
  }
}

function boxOf(points: readonly PicturePoint[]): Bbox {
  const lons = points.map(({ at }) => at[0])
  const lats = points.map(({ at }) => at[1])
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}
