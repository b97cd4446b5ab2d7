import type { Geometry } from 'geojson'
import type { GeoJSONSource, LayerSpecification, Map as MapLibre } from 'maplibre-gl'
import type { LiveStore, Row } from '../../live/store'
import { type Tokens, tokens } from '../../tokens/tokens'
import { DiffSource, type MapFeature } from '../diffSource'
import { restyle } from '../restyle'
import type { Locale } from '../types'
import { kinds, type MarkingKind, type Standing } from './kinds'
import { SOURCE, markingLayers } from './layers'
import { type Drawable, shapeOf } from './shapes'
import { renderSign, signName } from './signs'

export interface MarkingsEnv {
  tokens: Tokens
  scale: number
  least: number
  locale: Locale
  visible: boolean
  /** The case that is chosen: its drawing is shown, and that of the areas. Null shows those of all cases. */
  incident: number | null
  /** Plans that a person has put out of sight, by case; 0 is that of the areas. */
  hidden: ReadonlySet<number>
}

/** What a planned thing's name has behind it: shape and text say it beside the broken line. */
const plannedMark: Record<Locale, string> = { zh: '（计划）', en: ' (intended)' }

/** What is drawn of one row: up to three features, whose ids are its own. */
export function featuresOf(id: number, row: Drawable, locale: Locale): MapFeature[] {
  const shape = shapeOf(row)
  if (!shape) return []
  const { side, form } = kinds[row.kind]
  const properties = { kind: row.kind, side, form, standing: row.standing, size: row.size, rotation: row.rotation_deg, order: -id }
  const text = row.label + (row.label && row.standing === 'planned' ? plannedMark[locale] : '')
  const feature = (n: number, geometry: Geometry, more: object): MapFeature => ({ type: 'Feature', id: id * 4 + n, geometry, properties: { ...properties, ...more } })
  const out: MapFeature[] = []
  if (shape.reach) out.push(feature(0, shape.reach, { part: 'reach', form: '', fill: true }))
  if (shape.body) out.push(feature(1, shape.body, { part: 'body', body: form === 'attack' || form === 'route' || form === 'arrow', fill: shape.body.type === 'Polygon' }))
  out.push(feature(2, { type: 'Point', coordinates: shape.at }, { part: 'at', text, icon: kinds[row.kind].sign ? signName(row.kind, row.standing) : '' }))
  return out
}

/** Draws what once was on a map of paper's colours that stays as it is. */
export function drawOnPaper(map: MapLibre, drawn: readonly { id: number; row: Drawable }[], locale: Locale): void {
  map.on('styleimagemissing', ({ id }) => {
    const sign = renderSign(id, tokens.light, 1, map.getPixelRatio())
    if (sign && !map.hasImage(id)) map.addImage(id, sign.data, sign.options)
  })
  map.addSource(SOURCE, { type: 'geojson', data: { type: 'FeatureCollection', features: drawn.flatMap(({ id, row }) => featuresOf(id, row, locale)) } })
  for (const layer of markingLayers(tokens.light, 1, true)) map.addLayer(layer)
}

export const drawableOf = (row: Row): Drawable => ({
  kind: row.kind as MarkingKind,
  standing: row.standing as Standing,
  label: String(row.label ?? ''),
  rotation_deg: Number(row.rotation_deg ?? 0),
  size: Number(row.size ?? 1),
  radius_m: Number(row.radius_m ?? 0),
  geometry: row.geometry!,
})

/** Whether a drawing is shown: that of the chosen case alone when it has one, all that nobody has put out of sight else. */
export function drawingsShown(drawings: Iterable<number>, { incident, hidden }: Pick<MarkingsEnv, 'incident' | 'hidden'>): Set<number> {
  const all = new Set(drawings)
  const alone = incident !== null && all.has(incident)
  return new Set([...all].filter((drawing) => !hidden.has(drawing) && (drawing === 0 || !alone || drawing === incident)))
}

/** Keeps what is drawn on the map equal to the live markings. It is loaded when there is one. */
export class Markings {
  private readonly source: DiffSource
  private drawn: LayerSpecification[] = []
  private readonly stops: (() => void)[]
  private look = ''

  constructor(
    private readonly map: MapLibre,
    private readonly live: LiveStore,
    private readonly env: () => MarkingsEnv,
  ) {
    this.source = new DiffSource(() => map.getSource<GeoJSONSource>(SOURCE))
    const image = map.on('styleimagemissing', ({ id }) => this.put(id))
    this.stops = [live.layer('marking').subscribe(() => this.refresh()), () => image.unsubscribe()]
    this.restore()
  }

  /** The style is new and has none of ours. */
  restore(): void {
    const { map } = this
    if (!map.getSource(SOURCE)) {
      map.addSource(SOURCE, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
      this.drawn = []
    }
    this.look = ''
    this.refresh()
    this.source.reset()
  }

  refresh(): void {
    const { map } = this
    if (!map.getSource(SOURCE)) return
    const env = this.env()
    const next = markingLayers(env.tokens, env.scale, env.visible, env.least)
    if (this.drawn.length === 0) for (const layer of next) map.addLayer(layer, map.getLayer('incident-anchor') ? 'incident-anchor' : undefined)
    else restyle(map, this.drawn, next)
    this.drawn = next
    const look = `${env.tokens.bg} ${env.scale}`
    if (look !== this.look) for (const id of map.listImages()) if (id.startsWith('marking-')) this.put(id, true)
    this.look = look
    this.source.set(this.features(env))
  }

  destroy(): void {
    for (const stop of this.stops) stop()
  }

  private features(env: MarkingsEnv): MapFeature[] {
    const rows = [...this.live.layer('marking').rows()].filter((row) => row.geometry)
    const shown = drawingsShown(rows.map((row) => Number(row.incident_id ?? 0)), env)
    return rows.filter((row) => shown.has(Number(row.incident_id ?? 0))).flatMap((row) => featuresOf(row.id, drawableOf(row), env.locale))
  }

  private put(id: string, again = false): void {
    const { tokens, scale } = this.env()
    const made = renderSign(id, tokens, scale, this.map.getPixelRatio())
    if (!made) return
    if (again && this.map.hasImage(id)) this.map.removeImage(id)
    if (!this.map.hasImage(id)) this.map.addImage(id, made.data, made.options)
  }
}
