import type { LayerSpecification } from 'maplibre-gl'
import { type Expression, type StyleEnv, aside, byZoom, each, edgeless, fonts, part, sized } from './env'

/** From how many open incidents on an area takes the next step of the choropleth. */
export const choroplethSteps = [1, 2, 4, 8] as const

/** At this zoom the counts go from towns to villages. */
export const VILLAGE_ZOOM = 11.8

const level = (name: string): Expression => ['==', ['get', 'level'], name]

/** Towns, and nearer by villages, tinted by the open incidents in them. */
export function areaFills(env: StyleEnv): LayerSpecification[] {
  const steps = env.tokens.map.choropleth
  const color = ['step', ['coalesce', ['feature-state', 'open'], 0], steps[0], ...choroplethSteps.flatMap((from, i) => [from, steps[i + 1]!])] as unknown as Expression
  const source = { type: 'fill', source: 'area', 'source-layer': 'area' } as const
  return [
    part(env, 'choropleth', {
      id: 'area-town-fill',
      ...source,
      maxzoom: VILLAGE_ZOOM + 1,
      filter: level('town'),
      paint: { 'fill-color': color, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], VILLAGE_ZOOM, 1, VILLAGE_ZOOM + 1, 0], ...edgeless },
    }),
    part(env, 'choropleth', {
      id: 'area-village-fill',
      ...source,
      minzoom: VILLAGE_ZOOM,
      filter: level('village'),
      paint: { 'fill-color': color, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], VILLAGE_ZOOM, 0, VILLAGE_ZOOM + 1, 1], ...edgeless },
    }),
  ]
}

export function areaLines(env: StyleEnv): LayerSpecification[] {
  const { map } = env.tokens
  const source = { type: 'line', source: 'area', 'source-layer': 'area' } as const
  const join = { 'line-join': 'round' } as const
  return [
    part(env, 'unit_grid', {
      id: 'unit-grid',
      type: 'line',
      source: 'unit_grid',
      'source-layer': 'unit_grid',
      minzoom: 13,
      layout: join,
      paint: {
        'line-color': each(map.gridLine),
        'line-width': byZoom(13, 0.5, 17, 1.4),
        'line-dasharray': [3, 3],
        'line-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0, 13.8, 0.9],
      },
    }),
    {
      id: 'area-village',
      ...source,
      minzoom: 11.2,
      filter: level('village'),
      layout: join,
      paint: { 'line-color': each(map.areaLine), 'line-width': byZoom(11, 0.4, 16, 1.4), 'line-opacity': ['interpolate', ['linear'], ['zoom'], 11.2, 0, 12.6, 0.75] },
    },
    { id: 'area-town', ...source, filter: level('town'), layout: join, paint: { 'line-color': each(map.areaLine), 'line-width': byZoom(8, 0.7, 12, 1.2, 16, 2.2) } },
    { id: 'area-county', ...source, filter: level('county'), layout: join, paint: { 'line-color': each(map.areaLineMajor), 'line-width': byZoom(8, 1.4, 14, 3) } },
  ]
}

/** Names of towns with the number of open incidents below, of unit grids with their serial. */
export function areaLabels(env: StyleEnv): LayerSpecification[] {
  const { map } = env.tokens
  const halo = { 'text-halo-color': map.halo, 'text-halo-width': 2 * env.scale }
  return [
    part(env, 'unit_grid', {
      id: 'unit-grid-label',
      type: 'symbol',
      source: 'unit_grid',
      'source-layer': 'unit_grid_label', // one point a cell: names of polygons would stand in each tile that shows a part
      minzoom: 14.6,
      layout: { 'text-field': ['get', 'name'], 'text-font': fonts.regular, 'text-size': sized(env, 14, 10.5, 17, 13), 'text-padding': 16 * env.scale },
      paint: { 'text-color': each(map.labelMinor), ...halo, 'text-opacity': 0.9 },
    }),
    part(env, 'place', {
      id: 'area-label',
      type: 'symbol',
      source: 'area-label',
      maxzoom: 15,
      layout: {
        'symbol-sort-key': ['-', ['id'], ['*', 1e9, ['get', 'open']]], // where two have no room, the same one stands on all screens
        'text-field': [
          'format',
          ['get', 'name'], { 'text-font': ['literal', fonts.medium] },
          ['case', ['>', ['get', 'open'], 0], ['concat', '\n', ['to-string', ['get', 'open']]], ''], { 'font-scale': 0.82, 'text-font': ['literal', fonts.medium], 'text-color': map.labelMinor },
        ],
        'text-font': fonts.medium,
        'text-size': sized(env, 8, 12, 11, 14.5, 14, 19),
        'text-letter-spacing': env.locale === 'zh' ? 0.08 : 0.02,
        'text-line-height': 1.15,
        'text-max-width': env.locale === 'zh' ? 9 : 20,
        'text-padding': 4,
        ...aside,
        'text-justify': 'center',
      },
      paint: { 'text-color': each(map.label), ...halo },
    }),
  ]
}
