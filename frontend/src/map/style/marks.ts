import type { LayerSpecification } from 'maplibre-gl'
import { type Expression, type StyleEnv, byZoom, each, eachZoom, edgeless, fonts, part, px, round, sized } from './env'

/** How high a camera hangs, about: its registry does not say. */
const POST_M = 6

/** A camera's status from the live store. What the store has not called abnormal is online: 94 of 100 need no state at all. */
const status: Expression = ['coalesce', ['feature-state', 'status'], 'online']
const byStatus = <T>(online: T, offline: T, fault: T, unknown: T): Expression =>
  ['match', status, 'offline', offline, 'fault', fault, 'unknown', unknown, online] as unknown as Expression

/** Online: a small dim dot. Offline: a bright hollow ring. Fault: a bright dot in a ring. Unknown: a small dim ring. */
export function cameras(env: StyleEnv): LayerSpecification[] {
  const { map } = env.tokens
  const s = (n: number): number => round(n * env.scale)
  const source = { type: 'circle', source: 'camera', 'source-layer': 'camera' } as const
  return [
    part(env, 'camera', {
      id: 'camera',
      ...source,
      paint: {
        'circle-radius': byZoom(8, byStatus(s(0.6), s(1.1), s(1.3), s(0.6)), 12, byStatus(s(1.3), s(2.3), s(2.3), s(1.4)), 15, byStatus(s(3), s(4.6), s(3.6), s(3.2)), 18, byStatus(s(5), s(7), s(5.5), s(5))),
        'circle-color': byStatus(map.camera, map.ink, map.cameraAbnormal, map.ink),
        'circle-stroke-color': byStatus(map.ink, map.cameraAbnormal, map.ink, map.camera),
        'circle-stroke-width': byZoom(10, byStatus(0, s(0.7), 0, s(0.4)), 13, byStatus(0, s(1.3), s(0.8), s(0.8)), 17, byStatus(s(1), s(2.2), s(1.2), s(1.4))),
        'circle-opacity': byStatus(0.9, 1, 1, 0.8),
      },
    }),
    part(env, 'camera', {
      id: 'camera-fault',
      ...source,
      minzoom: 11,
      paint: {
        'circle-radius': byZoom(11, byStatus(0, 0, s(3.6), 0), 15, byStatus(0, 0, s(7), 0), 18, byStatus(0, 0, s(11), 0)),
        'circle-color': each(map.cameraAbnormal),
        'circle-opacity': each(0),
        'circle-stroke-color': each(map.cameraAbnormal),
        'circle-stroke-width': byZoom(11, byStatus(0, 0, s(0.9), 0), 17, byStatus(0, 0, s(1.8), 0)),
      },
    }),
  ]
}

/** Cases of severity 1 and the selected one stand as columns that are seen over houses and hills, and what a camera sees is walled as high as its post. */
export function columns(env: StyleEnv): LayerSpecification[] {
  const { sev, select } = env.tokens
  const visibility = env.is3D ? 'visible' : 'none'
  return [
    part(env, 'incident', {
      id: 'incident-column',
      type: 'fill-extrusion',
      source: 'column',
      paint: {
        'fill-extrusion-color': ['match', ['get', 'severity'], 1, sev[0], 2, sev[1], sev[2]],
        'fill-extrusion-base': eachZoom(0),
        'fill-extrusion-height': env.is3D ? eachZoom(['get', 'height']) : 0,
        'fill-extrusion-opacity': env.is3D ? 0.92 : 0,
        'fill-extrusion-vertical-gradient': false,
      },
    }),
    {
      id: 'wedge-standing',
      type: 'fill-extrusion',
      source: 'selection',
      filter: ['==', ['get', 'kind'], 'walls'],
      layout: { visibility },
      paint: { 'fill-extrusion-color': each(select), 'fill-extrusion-base': eachZoom(0), 'fill-extrusion-height': eachZoom(POST_M), 'fill-extrusion-opacity': 0.4, 'fill-extrusion-vertical-gradient': false },
    },
  ]
}

/** What the selected camera sees, and the circle around the selected thing, both lying on the ground. */
export function selectionGround(env: StyleEnv): LayerSpecification[] {
  const { select } = env.tokens
  return [
    { id: 'wedge', type: 'fill', source: 'selection', filter: ['==', ['get', 'kind'], 'wedge'], paint: { 'fill-color': each(select), 'fill-opacity': 0.2, ...edgeless } },
    { id: 'wedge-line', type: 'line', source: 'selection', filter: ['==', ['get', 'kind'], 'wedge'], paint: { 'line-color': each(select), 'line-width': eachZoom(1.4 * env.scale) } },
    {
      id: 'radius',
      type: 'line',
      source: 'selection',
      filter: ['==', ['get', 'kind'], 'radius'],
      paint: { 'line-color': each(select), 'line-width': eachZoom(1.4 * env.scale), 'line-dasharray': [4, 3], 'line-opacity': 0.9 },
    },
  ]
}

export function detectionOutlines(env: StyleEnv): LayerSpecification[] {
  const { sev } = env.tokens
  const source = { source: 'detection-area', minzoom: 13 } as const
  return [
    part(env, 'detection', { id: 'detection-fill', type: 'fill', ...source, paint: { 'fill-color': each(sev[1]), 'fill-opacity': 0.14, ...edgeless } }),
    part(env, 'detection', { id: 'detection-line', type: 'line', ...source, paint: { 'line-color': each(sev[1]), 'line-width': byZoom(13, 0.8, 17, 2.4) } }),
  ]
}

/**
 * Incidents, detections and units. Nothing hides them; names of places make room for them, except for units on their way, under which
 * names would hop about. A sign that falls on another was moved aside (property `offset`) or is counted at it (`count`).
 */
export function markers(env: StyleEnv): LayerSpecification[] {
  const { tokens, scale } = env
  const always = { 'icon-allow-overlap': true, 'icon-padding': 1, 'icon-offset': ['get', 'offset'] as Expression } as const
  const unit = (id: string, moving: boolean): LayerSpecification =>
    part(env, 'unit', {
      id,
      type: 'symbol',
      source: 'unit',
      filter: ['==', ['get', 'moving'], moving],
      layout: {
        'icon-image': ['get', 'icon'],
        ...always,
        'icon-ignore-placement': moving,
        'symbol-sort-key': ['get', 'order'],
      },
    })
  /** Where two names have no room, that of the unit at work stands, then that of the lower id: a rank of its own, since names are not drawn over one another. */
  const unitNames = part(env, 'unit', {
    id: 'unit-name',
    type: 'symbol',
    source: 'unit',
    minzoom: 14,
    layout: {
      'symbol-sort-key': ['+', ['*', -1e9, ['get', 'look']], ['id']],
      'text-field': ['get', 'name'],
      'text-font': fonts.regular,
      'text-size': sized(env, 13, 11, 17, 13),
      'text-anchor': 'top',
      'text-offset': ['get', 'below'],
      'text-max-width': 9,
      'text-padding': 0, // it stands as near below its badge as that one's box lets it
    },
    paint: { 'text-color': each(tokens.select), 'text-halo-color': tokens.map.halo, 'text-halo-width': 1.4 * scale },
  })
  const counts = (source: 'incident' | 'detection'): LayerSpecification =>
    part(env, source, {
      id: `${source}-count`,
      type: 'symbol',
      source,
      filter: ['>', ['get', 'count'], 1],
      layout: {
        'text-field': ['to-string', ['get', 'count']],
        'text-font': fonts.bold,
        'text-size': px(env, 12),
        'text-offset': ['get', 'badge'],
        'text-anchor': 'center',
        'icon-image': 'badge',
        'icon-text-fit': 'both',
        'icon-text-fit-padding': [1 * scale, 4 * scale, 1 * scale, 4 * scale],
        'text-allow-overlap': true,
        'text-ignore-placement': true,
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
      paint: { 'text-color': each(tokens.text) },
    })
  return [
    part(env, 'incident', {
      id: 'incident-anchor',
      type: 'circle',
      source: 'incident',
      filter: ['==', ['get', 'moved'], true],
      paint: {
        'circle-radius': eachZoom(2.6 * scale),
        'circle-color': ['match', ['get', 'severity'], 1, tokens.sev[0], 2, tokens.sev[1], tokens.sev[2]],
        'circle-opacity': each(1),
        'circle-stroke-color': each(tokens.map.ink),
        'circle-stroke-width': eachZoom(1 * scale),
      },
    }),
    unitNames,
    unit('unit', false),
    unit('unit-moving', true),
    part(env, 'detection', { id: 'detection', type: 'symbol', source: 'detection', filter: ['>', ['get', 'count'], 0], layout: { 'icon-image': ['get', 'icon'], 'symbol-sort-key': ['get', 'order'], ...always } }),
    counts('detection'),
    { id: 'pulse', type: 'circle', source: 'pulse', paint: { 'circle-radius': 0, 'circle-opacity': 0, 'circle-stroke-color': tokens.sev[0], 'circle-stroke-width': 2.5 * scale, 'circle-stroke-opacity': 0 } },
    part(env, 'incident', { id: 'incident', type: 'symbol', source: 'incident', filter: ['>', ['get', 'count'], 0], layout: { 'icon-image': ['get', 'icon'], 'symbol-sort-key': ['get', 'order'], ...always } }),
    counts('incident'),
    {
      id: 'selection-ring',
      type: 'symbol',
      source: 'selection',
      filter: ['==', ['get', 'kind'], 'ring'],
      layout: { 'icon-image': ['get', 'icon'], ...always },
    },
  ]
}
