import type { LayerSpecification } from 'maplibre-gl'
import { type Expression, type StyleEnv, aside, byZoom, each, eachZoom, edgeless, fonts, nameOf, part, px, sized } from './env'

/** Source-layers and attributes are those of docs/basemap.md. */
const base = { source: 'basemap' } as const

/** Land use and water: the quiet floor of the map. */
export function ground({ tokens: { map } }: StyleEnv): LayerSpecification[] {
  return [
    { id: 'background', type: 'background', paint: { 'background-color': map.land } },
    {
      id: 'landuse',
      type: 'fill',
      ...base,
      'source-layer': 'landuse',
      paint: {
        'fill-color': [
          'match', ['get', 'kind'],
          ['forest', 'grass', 'park', 'wetland', 'orchard', 'cemetery', 'pitch'], map.green,
          ['residential', 'commercial', 'industrial', 'school', 'hospital'], map.built,
          map.field,
        ],
        ...edgeless,
      },
    },
  ]
}

export function hillshade({ catalog, tokens: { map }, ...env }: StyleEnv): LayerSpecification[] {
  if (!catalog.basemap.terrain) return []
  return [
    part({ catalog, tokens: { map }, ...env } as StyleEnv, 'terrain', {
      id: 'hillshade',
      type: 'hillshade',
      source: 'hillshade',
      paint: {
        'hillshade-highlight-color': map.hillLight,
        'hillshade-shadow-color': map.hillShade,
        'hillshade-accent-color': map.land,
        'hillshade-exaggeration': env.is3D ? 0.4 : 0.25,
      },
    }),
  ]
}

export function water({ tokens: { map } }: StyleEnv): LayerSpecification[] {
  return [
    {
      id: 'water',
      type: 'fill',
      ...base,
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': each(map.water), ...edgeless },
    },
    {
      id: 'water-edge',
      type: 'line',
      ...base,
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'line-color': each(map.waterLine), 'line-width': eachZoom(1) },
    },
    {
      id: 'waterway',
      type: 'line',
      ...base,
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'LineString'],
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': each(map.water),
        'line-width': byZoom(8, 0.6, 12, ['match', ['get', 'kind'], ['river', 'canal'], 2, 1], 16, ['match', ['get', 'kind'], ['river', 'canal'], 7, 3]),
      },
    },
  ]
}

const rank: Expression = ['coalesce', ['get', 'rank'], 6]
/** Widths in pixels by rank 1 (motorway) to 8 (path). */
const width = (widths: number[], more = 0): Expression =>
  ['match', rank, ...widths.flatMap((w, i) => [i + 1, w + more]), widths.at(-1)! + more] as unknown as Expression
const roadWidths: [zoom: number, widths: number[]][] = [
  [6, [0.8, 0.6, 0.3, 0, 0, 0, 0, 0]],
  [10, [1.6, 1.4, 1.1, 0.6, 0.3, 0, 0, 0]],
  [13, [3.2, 2.8, 2.4, 1.6, 1.1, 0.6, 0.3, 0.2]],
  [16, [10, 9, 8, 6, 5, 3.5, 2, 1]],
  [19, [40, 36, 32, 26, 22, 16, 9, 4]],
]

export function roads({ tokens: { map } }: StyleEnv): LayerSpecification[] {
  const line = { type: 'line', ...base, 'source-layer': 'road' } as const
  const noRail: Expression = ['!=', ['get', 'kind'], 'rail']
  const round = { 'line-cap': 'round', 'line-join': 'round' } as const
  return [
    {
      id: 'road-casing',
      ...line,
      minzoom: 9,
      filter: ['all', noRail, ['<=', rank, 6]],
      layout: { 'line-join': 'round' },
      paint: { 'line-color': each(map.roadCasing), 'line-width': byZoom(...roadWidths.flatMap(([zoom, w]) => [zoom, width(w, zoom < 12 ? 0.8 : 1.6)])) },
    },
    {
      id: 'road',
      ...line,
      filter: noRail,
      layout: { ...round, 'line-sort-key': ['-', 9, rank] },
      paint: {
        'line-color': ['match', rank, [1, 2, 3], map.roadMajor, map.road],
        'line-width': byZoom(...roadWidths.flatMap(([zoom, w]) => [zoom, width(w)])),
      },
    },
    {
      id: 'rail',
      ...line,
      minzoom: 9,
      filter: ['==', ['get', 'kind'], 'rail'],
      paint: { 'line-color': each(map.rail), 'line-width': byZoom(9, 0.8, 16, 3) },
    },
    {
      id: 'rail-ties',
      ...line,
      minzoom: 12,
      filter: ['==', ['get', 'kind'], 'rail'],
      paint: { 'line-color': each(map.land), 'line-width': byZoom(12, 0.6, 16, 2), 'line-dasharray': [4, 4] },
    },
  ]
}

/** Seen from far a town would be flat: buildings are drawn twice as high there, and true to scale where streets can be told apart. */
const raised = (metres: Expression): Expression =>
  ['interpolate', ['linear'], ['zoom'], 12, 0, 12.4, ['*', 2, metres], 13.5, ['*', 1.8, metres], 15.5, metres] as unknown as Expression

export function buildings(env: StyleEnv): LayerSpecification[] {
  const { map } = env.tokens
  const height: Expression = ['coalesce', ['get', 'height_m'], 6]
  const color: Expression = ['interpolate', ['linear'], height, 4, map.building[0], 24, map.building[1], 80, map.building[2]]
  const common = { ...base, 'source-layer': 'building', minzoom: 12 } as const
  if (!env.is3D) {
    return [
      part(env, 'building', {
        id: 'building-flat',
        type: 'fill',
        ...common,
        paint: { 'fill-color': each(map.building[0]), 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 12, 0, 13, 1] },
      }),
    ]
  }
  return [
    part(env, 'building', {
      id: 'building',
      type: 'fill-extrusion',
      ...common,
      paint: {
        'fill-extrusion-color': color,
        'fill-extrusion-base': raised(['coalesce', ['get', 'min_height_m'], 0]),
        'fill-extrusion-height': raised(height),
        'fill-extrusion-vertical-gradient': true,
      },
    }),
  ]
}

/** The chosen picture, which covers the drawn ground, and the names that belong over it. */
export function picture({ catalog, picture }: StyleEnv): LayerSpecification[] {
  const chosen = catalog.basemap.pictures.find(({ source }) => source === picture)
  if (!chosen) return []
  const names = catalog.basemap.pictures.find(({ source }) => source === chosen.labels)
  return [chosen, ...(names ? [names] : [])].map(({ source }, i) => ({
    id: i === 0 ? 'picture' : 'picture-labels',
    type: 'raster',
    source: pictureSource(source),
    paint: { 'raster-fade-duration': 0 },
  }))
}

/** Pictures have names of their own among the sources: an archive may be called as one of the map's. */
export const pictureSource = (name: string): string => `picture/${name}`

const riverElse = (river: number, other: number): Expression => ['match', ['get', 'kind'], 'river', river, other]

/** Names of water and roads. They follow their lines and stand on a halo, so that they can be read on any ground. */
export function lineLabels(env: StyleEnv): LayerSpecification[] {
  const { map } = env.tokens
  const halo = { 'text-halo-color': map.halo, 'text-halo-width': 1.4 * env.scale }
  const name = nameOf(env.locale)
  return [
    part(env, 'place', {
      id: 'road-label',
      type: 'symbol',
      ...base,
      'source-layer': 'road',
      minzoom: 12.5,
      filter: ['all', ['has', 'name'], ['!=', ['get', 'kind'], 'rail'], ['<=', rank, ['step', ['zoom'], 4, 14, 5, 15, 6, 16, 8]]],
      layout: {
        'symbol-placement': 'line',
        'symbol-sort-key': rank,
        'symbol-spacing': 420 * env.scale,
        'text-field': name,
        'text-font': fonts.regular,
        'text-size': sized(env, 12, 11, 16, 13),
        'text-letter-spacing': 0.06,
        'text-padding': 12 * env.scale,
        'text-pitch-alignment': 'viewport', // flat on a tilted map it could not be read
      },
      paint: { 'text-color': each(map.roadLabel), ...halo },
    }),
    part(env, 'place', {
      id: 'water-label-line',
      type: 'symbol',
      ...base,
      'source-layer': 'water',
      minzoom: 8,
      filter: ['all', ['==', ['geometry-type'], 'LineString'], ['has', 'name']],
      layout: {
        'symbol-placement': 'line',
        'symbol-sort-key': ['match', ['get', 'kind'], 'river', 0, 1],
        'symbol-spacing': 560 * env.scale,
        'text-field': name,
        'text-font': fonts.medium,
        'text-size': ['interpolate', ['linear'], ['zoom'], 9, px(env, 12), 13, riverElse(px(env, 17), px(env, 12.5)), 16, riverElse(px(env, 22), px(env, 15))],
        'text-letter-spacing': ['match', ['get', 'kind'], 'river', env.locale === 'zh' ? 0.4 : 0.2, 0.15],
        'text-max-angle': 40,
        'text-padding': 6,
        'text-pitch-alignment': 'viewport',
      },
      paint: { 'text-color': each(map.waterLabel), 'text-halo-color': map.water, 'text-halo-width': 1.6 * env.scale },
    }),
    part(env, 'place', {
      id: 'water-label-area',
      type: 'symbol',
      ...base,
      'source-layer': 'water',
      minzoom: 11,
      filter: ['all', ['==', ['geometry-type'], 'Polygon'], ['has', 'name'], ['!=', ['get', 'kind'], 'river']], // a river's name stands on its line
      layout: {
        'text-field': name,
        'text-font': fonts.medium,
        'text-size': sized(env, 11, 11, 15, 14),
        'text-letter-spacing': 0.12,
        'text-max-width': 8,
        'text-padding': 16 * env.scale,
      },
      paint: { 'text-color': each(map.waterLabel), 'text-halo-color': map.water, 'text-halo-width': 1.6 * env.scale },
    }),
  ]
}

/** Names of places. Towns are left to the labels with counts when the administrative tree is known. */
export function placeLabels(env: StyleEnv, townsElsewhere: boolean): LayerSpecification[] {
  const { map } = env.tokens
  const placeRank: Expression = ['coalesce', ['get', 'rank'], 6]
  return [
    part(env, 'place', {
      id: 'place',
      type: 'symbol',
      ...base,
      'source-layer': 'place',
      filter: [
        'all',
        ...(townsElsewhere ? [['!', ['in', ['get', 'kind'], ['literal', ['county', 'town']]]] as unknown as Expression] : []),
        ['<=', placeRank, ['step', ['zoom'], 4, 8, 5, 12, 6, 13.5, 8]],
      ] as unknown as Expression,
      layout: {
        'symbol-sort-key': placeRank,
        'text-field': nameOf(env.locale),
        'text-font': fonts.regular,
        'text-size': ['interpolate', ['linear'], ['zoom'], 8, placeSize(env, 12, 10.5), 15, placeSize(env, 20, 13)],
        'text-max-width': env.locale === 'zh' ? 7 : 20,
        'text-letter-spacing': 0.05,
        'text-padding': 6 * env.scale,
        'text-pitch-alignment': 'viewport',
        ...aside, // of signs, which take their room first
      },
      paint: {
        'text-color': ['match', placeRank, [1, 2, 3, 4, 5], map.label, map.labelMinor],
        'text-halo-color': map.halo,
        'text-halo-width': 2 * env.scale,
      },
    }),
  ]
}

function placeSize(env: StyleEnv, large: number, small: number): Expression {
  return ['interpolate', ['linear'], ['coalesce', ['get', 'rank'], 6], 3, px(env, large), 8, px(env, small)]
}
