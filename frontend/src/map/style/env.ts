import type { ExpressionSpecification, LayerSpecification, SymbolLayerSpecification } from 'maplibre-gl'
import type { Tokens } from '../../tokens/tokens'
import type { Locale, MapCatalog, MapLayerId } from '../types'

/** All that a style depends on. Layers are pure functions of it. */
export interface StyleEnv {
  tokens: Tokens
  locale: Locale
  catalog: MapCatalog
  /** Where tiles are asked for, without a slash at the end. */
  origin: string
  /** Size of text and signs: 1 rem over 16 px. */
  scale: number
  /** The smallest text in CSS pixels; on a wall no name is smaller than what its distance allows. */
  least?: number
  hidden: ReadonlySet<MapLayerId>
  is3D: boolean
  /** Source of the picture that lies on the ground; null for none. */
  picture: string | null
}

export type Expression = ExpressionSpecification

/** Weights of local fonts. The first name is no font: MapLibre reads the weight from it. */
const families = ['Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif']
export const fonts = {
  regular: ['Regular', ...families],
  medium: ['Medium', ...families],
  bold: ['Bold', ...families],
}

/** A layer that belongs to a part of the legend; it disappears with it. */
export function part<L extends LayerSpecification>(env: StyleEnv, id: MapLayerId, layer: L): L {
  const visibility = env.hidden.has(id) ? 'none' : 'visible'
  return { ...layer, metadata: { part: id }, layout: { ...layer.layout, visibility } }
}

/** The name in the console's language; the Chinese one where there is no English. */
export function nameOf(locale: Locale): Expression {
  const name: Expression = ['coalesce', ['get', 'name'], '']
  if (locale === 'zh') return name
  return ['case', ['>', ['length', ['coalesce', ['get', 'name_en'], '']], 0], ['get', 'name_en'], name]
}

/** A name stands on its place, or beside it where a sign stands there. */
export const aside = {
  'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right', 'top-left', 'top-right', 'bottom-left', 'bottom-right'],
  'text-radial-offset': 0.9,
  'text-justify': 'auto',
} satisfies SymbolLayerSpecification['layout']

/**
 * The same value for every feature, said as if each had its own. Layers whose paint is said in the same ways are drawn by one program, and each
 * program more costs a processor that draws 40 to 150 ms before its first picture, and after a lost graphics context again.
 */
export const each = (value: string | number): Expression => ['case', ['has', ''], value, value]

/** Of an area whose edge is a line of its own, or none: smoothing it takes a program more. */
export const edgeless = { 'fill-antialias': false } as const

/** A value that grows with the zoom, between stops [zoom, value, …], said as if each feature had its own. */
export function byZoom(...stops: (number | Expression)[]): Expression {
  return ['interpolate', ['exponential', 1.5], ['zoom'], ...stops.map((stop, i) => (i % 2 === 1 && typeof stop === 'number' ? each(stop) : stop))] as unknown as Expression
}

/** A value that is the same at all zooms, where others of its kind grow. */
export const eachZoom = (value: number | Expression): Expression => byZoom(0, value, 1, value)

/** The same, multiplied by the size of text. */
export function sized(env: StyleEnv, ...stops: number[]): Expression {
  return ['interpolate', ['linear'], ['zoom'], ...stops.map((v, i) => (i % 2 === 1 ? px(env, v) : v))] as unknown as Expression
}

/** A size of text in CSS pixels. */
export const px = ({ scale, least = 0 }: Pick<StyleEnv, 'scale' | 'least'>, size: number): number => Math.max(least, round(size * scale))

export const round = (n: number): number => Math.round(n * 100) / 100
