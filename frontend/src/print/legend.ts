/** What the signs on a printed map mean: those that are on it, and no others. */
import { kindNames } from '../map/markings/kinds'
import { NEAR_M } from '../map/selection'
import type { MapController, MapLayerId } from '../map/types'

/** What is seen on a map. */
export interface Seen {
  /** Parts of the console's legend of which something is drawn. */
  parts: ReadonlySet<string>
  severities: ReadonlySet<number>
  /** Whether any of the cases is being dealt with, which its sign says; and what the selection has drawn around itself. */
  besides: ReadonlySet<'underway' | 'ring' | 'radius' | 'wedge'>
  /** Kinds and standings of what is drawn on the map. */
  markings: ReadonlySet<string>
  /** Of the cameras. */
  statuses: ReadonlySet<string>
  /** Open cases of each area that is tinted. */
  open: ReadonlySet<number>
  /** Ids of drawn layers of the ground: roads, water, bounds. */
  ground: ReadonlySet<string>
}

/** One line of the legend. `sign` says which sign stands before it, `label` is the key of its words. */
export interface Entry {
  sign: string
  label: string
  values?: Record<string, unknown>
}

/** Parts of which the map itself says what they are. */
const silent = new Set<string>(['place'])
const grounds = [
  ['area-county', 'county'], ['area-town', 'town'], ['area-village', 'village'], ['road-major', 'roadMajor'], ['road', 'road'], ['rail', 'rail'], ['water', 'water'], ['green', 'green'],
] as const

export function legendOf(seen: Seen, steps: readonly number[]): Entry[] {
  const out: Entry[] = []
  const has = (part: MapLayerId) => seen.parts.has(part)
  if (has('incident')) for (const level of [1, 2, 3]) if (seen.severities.has(level)) out.push({ sign: `incident-${level}`, label: `severity.${level}` })
  if (has('incident') && seen.besides.has('underway')) out.push({ sign: 'underway', label: 'print.underway' })
  if (seen.besides.has('ring')) out.push({ sign: 'ring', label: 'print.selected' })
  if (seen.besides.has('radius')) out.push({ sign: 'radius', label: 'print.near', values: { m: NEAR_M } })
  if (seen.besides.has('wedge')) out.push({ sign: 'wedge', label: 'print.sight' })
  if (has('detection')) out.push({ sign: 'detection', label: 'layer.detection' })
  if (has('unit')) out.push({ sign: 'unit', label: 'layer.unit' })
  if (has('camera')) for (const status of ['online', 'offline', 'fault', 'unknown']) if (seen.statuses.has(status)) out.push({ sign: `camera-${status}`, label: 'print.camera', values: { status } })
  if (has('choropleth')) {
    const from = [0, ...steps]
    from.forEach((n, i) => {
      const next = from[i + 1]
      if ([...seen.open].some((open) => open >= n && (next === undefined || open < next))) out.push({ sign: `load-${i}`, label: 'print.load', values: { range: next === undefined ? `≥${n}` : next - n === 1 ? String(n) : `${n}–${next - 1}` } })
    })
  }
  if (has('marking')) {
    for (const kind of kindNames) if (seen.markings.has(kind)) out.push({ sign: `marking-${kind}`, label: `marking.kind.${kind}` })
    for (const standing of ['planned', 'actual']) if (seen.markings.has(standing)) out.push({ sign: `standing-${standing}`, label: `print.standing.${standing}` })
  }
  if (has('unit_grid')) out.push({ sign: 'unit_grid', label: 'layer.unit_grid' })
  if (has('building')) out.push({ sign: 'building', label: 'layers.buildings' })
  const known = new Set<string>(['incident', 'detection', 'marking', 'unit', 'camera', 'choropleth', 'unit_grid', 'building', 'terrain'])
  for (const part of seen.parts) if (!known.has(part) && !silent.has(part)) out.push({ sign: 'other', label: `layer.${part}` })
  for (const [id, name] of grounds) if (seen.ground.has(id)) out.push({ sign: id, label: `print.ground.${name}` })
  if (has('terrain')) out.push({ sign: 'terrain', label: 'layers.terrain' })
  return out
}

/** A rectangle of a map's canvas, from its upper left to its lower right, in CSS pixels. */
export type Box = [[number, number], [number, number]]

/** Looks what a map has drawn, in a rectangle or wherever. A photograph over the drawn ground hides it. */
export function seenOn(map: MapController['engine'], photograph: boolean, box?: Box): Seen {
  const seen = { parts: new Set<string>(), severities: new Set<number>(), besides: new Set<'underway' | 'ring' | 'radius' | 'wedge'>(), markings: new Set<string>(), statuses: new Set<string>(), open: new Set<number>(), ground: new Set<string>() }
  for (const { layer, properties, state, geometry } of map.queryRenderedFeatures(box)) {
    const part = layer.source === 'marking' ? 'marking' : (layer.metadata as { part?: string } | undefined)?.part
    if (part !== undefined) {
      seen.parts.add(part)
      if (part === 'marking') for (const value of [properties.kind, properties.standing]) if (typeof value === 'string') seen.markings.add(value)
      if (part === 'incident' && typeof properties.severity === 'number') seen.severities.add(properties.severity)
      if (part === 'incident' && String(properties.icon).endsWith('-underway')) seen.besides.add('underway')
      if (layer.id === 'camera') seen.statuses.add((state.status as string | undefined) ?? 'online')
      if (part === 'choropleth' && !photograph) seen.open.add((state.open as number | undefined) ?? 0)
    } else if (layer.source === 'selection') {
      const { kind } = properties
      if (kind === 'ring' || kind === 'radius' || kind === 'wedge') seen.besides.add(kind)
    } else if (layer.id.startsWith('area-')) {
      if (!seen.ground.has(layer.id) && bounds(map, geometry, box)) seen.ground.add(layer.id)
    } else if (photograph) continue
    else if (layer.id === 'road') seen.ground.add((properties.rank as number) <= 3 ? 'road-major' : 'road')
    else if (layer.id === 'landuse') {
      if (['forest', 'grass', 'park', 'wetland', 'orchard'].includes(properties.kind as string)) seen.ground.add('green')
    } else if (layer.id === 'rail') seen.ground.add('rail')
    else if (layer.id === 'water' || layer.id === 'waterway') seen.ground.add('water')
  }
  if (map.getLayer('hillshade') && map.getLayoutProperty('hillshade', 'visibility') !== 'none' && !photograph) seen.parts.add('terrain')
  if (photograph) seen.parts.delete('choropleth')
  return seen
}

/** What is seen on any of several pictures. */
export function seenTogether(pictures: readonly Seen[]): Seen {
  const all = <K extends keyof Seen>(what: K) => new Set(pictures.flatMap((seen) => [...(seen[what] as ReadonlySet<unknown>)])) as Seen[K] & Set<never>
  return { parts: all('parts'), severities: all('severities'), besides: all('besides'), markings: all('markings'), statuses: all('statuses'), open: all('open'), ground: all('ground') }
}

/** Whether an area's bound runs through a rectangle. Where a tile cuts an area off there is none, though it is found there: those edges run along a meridian or parallel. */
function bounds(map: MapController['engine'], geometry: GeoJSON.Geometry, box?: Box): boolean {
  if (box === undefined) return true
  const [[left, top], [right, bottom]] = box
  const lines = geometry.type === 'Polygon' || geometry.type === 'MultiLineString' ? geometry.coordinates : geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : geometry.type === 'LineString' ? [geometry.coordinates] : []
  return lines.some((line) => {
    let last: { x: number; y: number } | null = null
    return line.some(([lon, lat], i) => {
      const [a, b] = [last, map.project([lon!, lat!])]
      last = b
      if (!a || line[i - 1]![0] === lon || line[i - 1]![1] === lat) return false
      return Math.max(a.x, b.x) >= left && Math.min(a.x, b.x) <= right && Math.max(a.y, b.y) >= top && Math.min(a.y, b.y) <= bottom
    })
  })
}
