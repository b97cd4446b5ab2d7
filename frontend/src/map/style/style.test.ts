import { latest, normalizePropertyExpression, validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import { describe, expect, it } from 'vitest'
import type { LayerSpecification } from 'maplibre-gl'
import { type Theme, tokens } from '../../tokens/tokens'
import { icons } from '../icons'
import { markingLayers } from '../markings/layers'
import { type Locale, type MapLayerId, mapLayers } from '../types'
import { type StyleEnv, buildStyle, layers } from '.'

function picture(source: string, more: { labels?: string; overlay?: boolean }) {
  return { source, min_zoom: 1, max_zoom: 18, tile_size: 256, bbox: [-180, -85, 180, 85], attribution: '', title: { zh: source, en: source }, overlay: false, ...more }
}

const catalog = {
  layers: [{ name: 'camera', delivery: 'tiles' as const, min_zoom: 0, max_zoom: 16 }],
  county: { bbox: [119, 29, 120, 30] },
  basemap: {
    source: 'basemap',
    attribution: '',
    terrain: { source: 'terrain', min_zoom: 0, max_zoom: 11, tile_size: 512, bbox: [119, 29, 120, 30], attribution: '', encoding: 'mapbox' as const },
    pictures: [picture('photo', { labels: 'names' }), picture('names', { overlay: true }), picture('area', {})],
  },
}

function env(change: Partial<StyleEnv> = {}): StyleEnv {
  return { tokens: tokens.dark, locale: 'zh', catalog, origin: 'http://localhost', scale: 1, hidden: new Set(), is3D: true, picture: null, ...change }
}

const environments = (['dark', 'light'] as Theme[]).flatMap((theme) =>
  (['zh', 'en'] as Locale[]).flatMap((locale) => [true, false].map((is3D) => ({ theme, locale, is3D }))),
)

describe.each(environments)('the style in $theme, $locale, 3D $is3D', ({ theme, locale, is3D }) => {
  const style = buildStyle(env({ tokens: tokens[theme], locale, is3D, scale: 1.9, picture: is3D ? 'photo' : null }))

  it('is valid', () => {
    expect(validateStyleMin(style)).toEqual([])
  })

  it('asks nobody for glyphs or sprites, and no host but its own', () => {
    expect(style).not.toHaveProperty('glyphs')
    expect(style).not.toHaveProperty('sprite')
    expect(JSON.stringify(style.sources).match(/https?:\/\/[^/"]+/g)!.every((host) => host === 'http://localhost')).toBe(true)
  })
})

it('takes every colour from the tokens', () => {
  const allowed = new Set(JSON.stringify(tokens.light).match(/#[0-9a-f]{6}/g))
  const used = JSON.stringify(layers(env({ tokens: tokens.light }))).match(/#[0-9a-f]{3,8}/g)!
  expect(used.filter((colour) => !allowed.has(colour))).toEqual([])
})

it.each(mapLayers.filter((id) => id !== 'terrain' && id !== 'marking'))('can hide %s, and only it', (id: MapLayerId) => {
  const visible = layers(env())
  const hidden = layers(env({ hidden: new Set([id]) }))
  const gone = hidden.filter((layer, i) => JSON.stringify(layer) !== JSON.stringify(visible[i]))
  expect(gone.length).toBeGreaterThan(0)
  for (const layer of gone) expect(layer).toMatchObject({ metadata: { part: id }, layout: { visibility: 'none' } })
})

it('hides terrain', () => {
  expect(buildStyle(env()).terrain).toBeDefined()
  expect(buildStyle(env({ hidden: new Set<MapLayerId>(['terrain']) })).terrain).toBeUndefined()
  expect(buildStyle(env({ is3D: false })).terrain).toBeUndefined()
})

it('takes terrain as the catalogue describes it', () => {
  expect(buildStyle(env()).sources.terrain).toMatchObject({ encoding: 'mapbox', maxzoom: 11, tileSize: 512, bounds: [119, 29, 120, 30] })
})

it('lays the chosen picture over the drawn ground, its names over it, and all that is live above', () => {
  const ids = layers(env({ picture: 'photo' })).map(({ id }) => id)
  expect(ids.indexOf('picture')).toBeGreaterThan(ids.indexOf('road'))
  expect(ids.indexOf('picture-labels')).toBe(ids.indexOf('picture') + 1)
  for (const above of ['area-town', 'camera', 'place', 'incident']) expect(ids.indexOf(above)).toBeGreaterThan(ids.indexOf('picture-labels'))
  expect(layers(env({ picture: 'gone' }))).toEqual(layers(env()))
  expect(buildStyle(env({ picture: 'area' })).sources).toMatchObject({ area: { type: 'vector' }, 'picture/area': { type: 'raster', tiles: ['http://localhost/tiles/area/{z}/{x}/{y}'] } })
})

it('never lets a collision hide an incident', () => {
  const incident = layers(env()).find((layer) => layer.id === 'incident')!
  expect(incident.layout).toMatchObject({ 'icon-allow-overlap': true })
})

it('names only signs that are drawn', () => {
  const named = layers(env()).flatMap((layer) => (typeof (layer.layout as Record<string, unknown>)?.['icon-image'] === 'string' ? [(layer.layout as Record<string, string>)['icon-image']!] : []))
  expect(named.length).toBeGreaterThan(0)
  for (const name of named) expect(icons.has(name)).toBe(true)
})

it('writes nothing smaller on a wall than what is read from its distance, whatever the zoom and the thing', () => {
  const least = 30
  const outputs = (size: unknown): unknown[] => (Array.isArray(size) && ['interpolate', 'match', 'case'].includes(size[0]) ? size.filter((_, i) => i > 2 && (size[0] === 'interpolate' ? i > 3 && i % 2 === 0 : true)).flatMap(outputs) : [size])
  const sizes = (layers: readonly LayerSpecification[]) => layers.flatMap((layer) => (layer.type === 'symbol' && layer.layout?.['text-size'] !== undefined ? outputs(layer.layout['text-size']) : []))
  const wall = sizes([...layers(env({ scale: 1.88, least })), ...markingLayers(tokens.dark, 1.88, true, least)])
  expect(wall.length).toBeGreaterThan(12)
  for (const size of wall) {
    if (typeof size === 'number') expect(size).toBeGreaterThanOrEqual(least)
    else expect((size as unknown[]).slice(0, 2)).toEqual(['max', least])
  }
  expect(validateStyleMin({ ...buildStyle(env({ scale: 1.88, least })) })).toEqual([])
  expect(sizes(layers(env({ scale: 1.88 }))).some((size) => typeof size === 'number' && size < least)).toBe(true) // a desk keeps its own
})

it('says the paint of a kind in few ways, since each takes a program of its own', () => {
  const ways: Record<string, Set<string>> = {}
  for (const { id, type, paint = {} } of [...layers(env()), ...markingLayers(tokens.dark, 1, true)]) {
    if (id === 'pulse') continue // its opacity is set with each frame, and seldom is there one
    const all = { 'fill-outline-color': (paint as Record<string, unknown>)['fill-color'], ...paint } as Record<string, unknown>
    const spec = Object.entries(latest[`paint_${type}`] as Record<string, { 'property-type': string; default: unknown }>)
    const kinds = spec.flatMap(([name, of]) => of['property-type'].endsWith('data-driven') ? [normalizePropertyExpression((all[name] ?? of.default) as never, name, of as never).kind.replace('camera', 'constant')] : [])
    ;(ways[type + ('line-dasharray' in paint ? ' broken' : '')] ??= new Set()).add(kinds.join(' '))
  }
  // Symbols: names, and signs alone.
  expect(Object.fromEntries(Object.entries(ways).map(([kind, said]) => [kind, said.size]))).toEqual({ 'background': 1, 'circle': 1, 'fill': 1, 'fill-extrusion': 1, 'hillshade': 1, 'line': 1, 'line broken': 1, 'symbol': 2 })
})

it('smooths no edge of an area in three dimensions, which takes a program too', () => {
  const fills = [...layers(env({ is3D: true })), ...markingLayers(tokens.dark, 1, true)].filter(({ type }) => type === 'fill')
  expect(fills.length).toBeGreaterThan(5)
  expect(fills.filter(({ paint }) => (paint as { 'fill-antialias'?: boolean })['fill-antialias'] !== false).map(({ id }) => id)).toEqual([])
})
