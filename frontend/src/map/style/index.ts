import { replayId, replayParam } from '../../live/replay'
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import { areaFills, areaLabels, areaLines } from './areas'
import { buildings, ground, hillshade, lineLabels, picture, pictureSource, placeLabels, roads, water } from './basemap'
import type { MapRaster } from '../types'
import type { StyleEnv } from './env'
import { cameras, columns, detectionOutlines, markers, selectionGround } from './marks'

export type { StyleEnv } from './env'

/** Sources that the map fills by itself, from the live store. */
export const ownSources = ['area-label', 'incident', 'detection', 'detection-area', 'unit', 'selection', 'pulse', 'column'] as const
export type OwnSource = (typeof ownSources)[number]

/** The whole style. It names no glyphs and no sprite: text is drawn from local fonts, signs from tokens. */
export function buildStyle(env: StyleEnv): StyleSpecification {
  return { version: 8, sources: sources(env), layers: layers(env), ...atmosphere(env) }
}

/** From the floor up: ground, areas, lines, what stands on the ground, names, signs. */
export function layers(env: StyleEnv): LayerSpecification[] {
  return [
    ...ground(env),
    ...areaFills(env),
    ...hillshade(env),
    ...water(env),
    ...roads(env),
    ...picture(env),
    ...areaLines(env),
    ...selectionGround(env),
    ...detectionOutlines(env),
    ...buildings(env),
    ...columns(env),
    ...cameras(env),
    ...lineLabels(env),
    ...placeLabels(env, true),
    ...areaLabels(env),
    ...markers(env),
  ]
}

/** Degrees from the zenith between which the light stays: houses have lit and shaded walls at every hour. */
const HIGH = 20
const LOW = 65

/** Light, sky and terrain. Little of each: the sky is the page, the light is the sun's by day and comes from the south-west by night. */
export function atmosphere({ tokens: { map }, catalog, is3D, hidden, sun }: StyleEnv): Pick<StyleSpecification, 'light' | 'sky' | 'terrain'> {
  return {
    light: { anchor: 'map', color: '#ffffff', intensity: map.relief, position: sun && sun.altitude > 0 ? [1.4, Math.round(sun.azimuth), Math.round(Math.min(LOW, Math.max(HIGH, 90 - sun.altitude)))] : [1.4, 215, 42] },
    sky: {
      'sky-color': map.sky,
      'horizon-color': map.horizon,
      'fog-color': map.sky,
      'sky-horizon-blend': 0.6,
      'horizon-fog-blend': 0.7,
      'fog-ground-blend': 0.75,
      'atmosphere-blend': 0,
    },
    ...(catalog.basemap.terrain && is3D && !hidden.has('terrain') ? { terrain: { source: 'terrain', exaggeration: 1 } } : {}),
  }
}

function sources({ catalog, origin }: StyleEnv): Record<string, SourceSpecification> {
  const tiles = (name: string, query = ''): string[] => [`${origin}/tiles/${name}/{z}/{x}/{y}${query}`]
  const out: Record<string, SourceSpecification> = {
    basemap: { type: 'vector', tiles: tiles(catalog.basemap.source), maxzoom: 14, attribution: catalog.basemap.attribution },
  }
  for (const name of ['area', 'unit_grid', 'camera']) {
    const layer = catalog.layers.find((l) => l.name === name)
    // cameras are drawn from the live store's state: tiles without values are small, and hold however often a state changes
    const query = [name === 'camera' ? 'properties=' : '', replayId === null ? '' : `${replayParam}=${replayId}`].filter(Boolean).join('&')
    out[name] = { type: 'vector', tiles: tiles(name, query && `?${query}`), minzoom: layer?.min_zoom ?? 0, maxzoom: layer?.max_zoom ?? 14 }
  }
  const raster = ({ source, min_zoom, max_zoom, tile_size, bbox }: MapRaster) =>
    ({ tiles: tiles(source), tileSize: tile_size, minzoom: min_zoom, maxzoom: max_zoom, bounds: bbox as [number, number, number, number] })
  if (catalog.basemap.terrain) {
    const dem = { type: 'raster-dem', ...raster(catalog.basemap.terrain), encoding: catalog.basemap.terrain.encoding } as const
    out.terrain = dem
    out.hillshade = dem // one source for both makes the hillshade coarse where terrain tiles are
  }
  for (const each of catalog.basemap.pictures) out[pictureSource(each.source)] = { type: 'raster', ...raster(each) }
  for (const name of ownSources) out[name] = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } }
  return out
}
