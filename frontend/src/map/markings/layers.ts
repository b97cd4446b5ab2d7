import type { FilterSpecification, LayerSpecification } from 'maplibre-gl'
import type { Tokens } from '../../tokens/tokens'
import { each, eachZoom, edgeless, fonts, px } from '../style/env'
import { sideColor } from './signs'

export const SOURCE = 'marking'

/** How markings are drawn: by kind, solid where a thing is there, broken where it is planned. Pure; the tokens decide the colours. */
export function markingLayers(tokens: Tokens, scale: number, visible: boolean, least = 0): LayerSpecification[] {
  /** Of the side that a thing is of, as opaque as said: 0 to 1. */
  const colorAt = (opacity: number): string => {
    const alpha = Math.round(opacity * 255).toString(16).padStart(2, '0')
    const [own, hazard, control, search] = (['own', 'hazard', 'control', 'search'] as const).map((side) => sideColor(tokens, side) + alpha)
    return ['match', ['get', 'side'], 'own', own, 'hazard', hazard, 'control', control, search] as unknown as string
  }
  const color = colorAt(1)
  const planned = ['==', ['get', 'standing'], 'planned'] as const
  const layout = { visibility: visible ? 'visible' : 'none' } as const
  const line = (id: string, width: number, filter: unknown[], paint: object): LayerSpecification =>
    ({ id, type: 'line', source: SOURCE, filter: ['all', ['!=', ['geometry-type'], 'Point'], ...filter], layout: { ...layout, 'line-join': 'round', 'line-cap': 'butt' }, paint: { 'line-width': eachZoom(width * scale), ...paint } }) as LayerSpecification
  const along = (form: string, image: string): LayerSpecification =>
    ({ id: `marking-${form}`, type: 'symbol', source: SOURCE, filter: ['==', ['get', 'form'], form], layout: { ...layout, 'symbol-placement': 'line', 'symbol-spacing': 46 * scale, 'icon-image': image, 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-rotation-alignment': 'map' } }) as LayerSpecification
  const at: FilterSpecification = ['==', ['get', 'part'], 'at']
  const name = (id: string, minzoom: number, filter: FilterSpecification, more: object): LayerSpecification =>
    ({ id, type: 'symbol', source: SOURCE, minzoom, filter, layout: { ...layout, 'text-field': ['get', 'text'], 'text-font': fonts.bold, 'text-max-width': 9, 'symbol-sort-key': ['get', 'order'], ...more }, paint: { 'text-color': color, 'text-halo-color': tokens.map.halo, 'text-halo-width': 2 * scale } }) as LayerSpecification
  return [
    { id: 'marking-fill', type: 'fill', source: SOURCE, filter: ['==', ['get', 'fill'], true], layout, paint: { 'fill-color': ['case', ['==', ['get', 'body'], true], ['case', planned, colorAt(0.28), colorAt(0.8)], ['==', ['get', 'form'], 'hatched'], colorAt(0.2), colorAt(0.1)], ...edgeless } } as unknown as LayerSpecification,
    line('marking-casing', 6, [['!=', ['get', 'part'], 'reach']], { 'line-color': each(tokens.map.ink), 'line-opacity': 0.75 }),
    line('marking-actual', 3, [['!', planned], ['!=', ['get', 'part'], 'reach']], { 'line-color': color }),
    line('marking-planned', 3, [planned, ['!=', ['get', 'part'], 'reach']], { 'line-color': color, 'line-dasharray': [3, 2] }),
    line('marking-reach', 2, [['==', ['get', 'part'], 'reach']], { 'line-color': color, 'line-dasharray': [1, 1.5] }),
    along('crosses', 'marking-cross'),
    along('ways', 'marking-chevron'),
    {
      id: 'marking-sign',
      type: 'symbol',
      source: SOURCE,
      filter: ['all', at, ['!=', ['get', 'icon'], '']],
      layout: {
        ...layout,
        'icon-image': ['get', 'icon'],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 9, ['*', 0.5, ['get', 'size']], 13, ['*', 0.85, ['get', 'size']], 16, ['get', 'size']],
        'icon-rotate': ['get', 'rotation'],
        'icon-allow-overlap': true,
        'symbol-sort-key': ['get', 'order'],
      },
    },
    name('marking-name', 11, ['all', at, ['!=', ['get', 'form'], 'text']], { 'text-size': px({ scale, least }, 14), 'text-anchor': ['case', ['==', ['get', 'icon'], ''], 'center', 'top'], 'text-offset': ['case', ['==', ['get', 'icon'], ''], ['literal', [0, 0]], ['literal', [0, 1.3]]] }),
    name('marking-text', 9, ['all', at, ['==', ['get', 'form'], 'text']], { 'text-size': ['max', least, ['*', 15 * scale, ['get', 'size']]], 'text-allow-overlap': true, 'text-ignore-placement': true }),
  ]
}
