import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import { type Theme, tokens } from '../../tokens/tokens'
import type { Locale } from '../types'
import { type StyleEnv, buildStyle } from '.'
import { buildings, ground, hillshade, lineLabels, placeLabels, roads, water } from './basemap'

/** Stands for the server's address, which puts it in. */
const origin = '{origin}'

/**
 * The basemap as a document for other MapLibre clients: the console's own layers without what is live. The build writes it beside the console; the
 * server fills in its address, and takes terrain and hillshade out where there is none. Unlike the console's it names glyphs and sprite.
 */
export function servedStyle(theme: Theme, locale: Locale): StyleSpecification {
  const env: StyleEnv = {
    tokens: tokens[theme],
    locale,
    catalog: {
      layers: [],
      county: { bbox: [-180, -85, 180, 85] },
      basemap: { source: 'basemap', attribution: '', terrain: { source: 'terrain', min_zoom: 0, max_zoom: 12, tile_size: 512, bbox: [-180, -85, 180, 85], attribution: '', encoding: 'terrarium' }, pictures: [] },
    },
    origin,
    scale: 1,
    hidden: new Set(),
    is3D: false,
    picture: null,
  }
  const { sev, onSev, map } = env.tokens
  const layers = [...ground(env), ...hillshade(env), ...water(env), ...roads(env), ...buildings(env), ...lineLabels(env), ...placeLabels(env, false)]
  const { basemap, terrain, hillshade: hills } = buildStyle(env).sources
  return {
    version: 8,
    name: `Wanglou ${theme}`,
    metadata: { 'wanglou:signs': { sev, onSev, unit: map.unit, onUnit: map.onUnit, camera: map.camera, ink: map.ink } },
    glyphs: `${origin}/fonts/{fontstack}/{range}.pbf`,
    sprite: `${origin}/sprites/${theme}`,
    sources: { basemap: basemap!, terrain: terrain!, hillshade: hills! },
    layers: layers.map(withFontNames),
  }
}

/** The console names local fonts; others ask the server, which knows weights alone. */
function withFontNames(layer: LayerSpecification): LayerSpecification {
  const layout = layer.layout as Record<string, unknown> | undefined
  const font = layout?.['text-font']
  return Array.isArray(font) ? ({ ...layer, layout: { ...layout, 'text-font': [`Wanglou ${String(font[0])}`] } } as LayerSpecification) : layer
}
