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
  return { version: 8, sources: sources(env), layers: layers(env), ...ground3D(env) }
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

/** The ground of the three-dimensional view. Light and sky come later and go with the hour (tiles3d/air.ts). */
export function ground3D({ catalog, is3D, hidden }: StyleEnv): Pick<StyleSpecification, 'terrain'> {
  return catalog.basemap.terrain && is3D && !hidden.has('terrain') ? { terrain: { source: 'terrain', exaggeration: 1 } } : {}
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
  for (const name of ownSources) out[name] = { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, tolerance: name === 'selection' ? 0 : 0.375 } // the walls of a view are thin
  return out
}
