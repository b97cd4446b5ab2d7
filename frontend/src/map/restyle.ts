import type { FilterSpecification, LayerSpecification, Map as MapLibre } from 'maplibre-gl'
import { icons, render } from './icons'
import type { Tokens } from '../tokens/tokens'

type Loose = LayerSpecification & { paint?: Record<string, unknown>; layout?: Record<string, unknown>; filter?: unknown; minzoom?: number; maxzoom?: number }

/**
 * Turns the map's layers from one set into another, property by property. Sources, tiles and the state of features stay: a whole
 * new style would lose them and ask for every tile again.
 */
export function restyle(map: MapLibre, before: readonly LayerSpecification[], after: readonly LayerSpecification[]): void {
  const old = new Map(before.map((layer) => [layer.id, layer as Loose]))
  const kept = new Set(after.map((layer) => layer.id))
  for (const { id } of before) if (!kept.has(id)) map.removeLayer(id)
  for (let i = after.length - 1; i >= 0; i--) { // from the top, so that what a layer goes below is already there
    const layer = after[i] as Loose
    const was = old.get(layer.id)
    if (!was) {
      map.addLayer(layer, after[i + 1]?.id)
      continue
    }
    change(was.paint, layer.paint, (key, value) => map.setPaintProperty(layer.id, key as never, value as never))
    change(was.layout, layer.layout, (key, value) => map.setLayoutProperty(layer.id, key as never, value as never))
    if (!same(was.filter, layer.filter)) map.setFilter(layer.id, layer.filter as FilterSpecification)
    if (was.minzoom !== layer.minzoom || was.maxzoom !== layer.maxzoom) map.setLayerZoomRange(layer.id, layer.minzoom ?? 0, layer.maxzoom ?? 24)
  }
}

/** Draws all signs anew, in the tokens' colours and at the size of text. */
export function putIcons(map: MapLibre, tokens: Tokens, scale: number): void {
  for (const name of icons.keys()) {
    const { data, options } = render(name, tokens, scale, map.getPixelRatio())
    const there = map.getImage(name)
    if (there && there.data?.width === data.width && there.pixelRatio === options.pixelRatio) {
      map.updateImage(name, data)
      continue
    }
    if (there) map.removeImage(name)
    map.addImage(name, data, options)
  }
}

function change(before: Record<string, unknown> = {}, after: Record<string, unknown> = {}, set: (key: string, value: unknown) => void): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) if (!same(before[key], after[key])) set(key, after[key])
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
