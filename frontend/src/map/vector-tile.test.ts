// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'

// The map reads tiles with @mapbox/vector-tile. Here it reads the fixtures that are written for every reader of vector tiles, valid ones and broken ones: what
// a version of the library takes for what is known before it comes to a wall.
const require = createRequire(import.meta.url)
const mapLibrary = createRequire(require.resolve('maplibre-gl/package.json'))
const { VectorTile } = (await import(mapLibrary.resolve('@mapbox/vector-tile'))) as typeof import('@mapbox/vector-tile')
const { PbfReader } = (await import(mapLibrary.resolve('pbf'))) as typeof import('pbf')
const fixtures = join(dirname(require.resolve('@mapbox/mvt-fixtures')), 'fixtures')

interface Info {
  description: string
  validity: { v2: boolean }
}
interface Value {
  [kind: string]: unknown
}
interface Described {
  layers?: { name: string; extent?: number; keys?: string[]; values?: Value[]; features?: { id?: number; type?: number; tags?: number[] }[] }[]
}

const json = <T>(id: string, file: string) => JSON.parse(readFileSync(join(fixtures, id, file), 'utf8')) as T

interface Read {
  name: string
  extent: number
  features: { type: number; properties: Record<string, unknown>; parts: number }[]
}

function read(id: string): Read[] {
  const tile = new VectorTile(new PbfReader(readFileSync(join(fixtures, id, 'tile.mvt'))))
  return Object.values(tile.layers).map((layer) => ({
    name: layer.name,
    extent: layer.extent,
    features: Array.from({ length: layer.length }, (_, i) => {
      const f = layer.feature(i)
      f.toGeoJSON(0, 0, 0)
      return { type: f.type, properties: { ...f.properties }, parts: f.loadGeometry().length }
    }),
  }))
}

/** A value of the description, as its kind holds it. */
function valueOf(v: Value | undefined): unknown {
  const [kind, value] = Object.entries(v ?? {})[0] ?? []
  if (kind === 'float_value') return Math.fround(value as number)
  return kind === 'string_value' ? String(value) : value
}

const ids = readdirSync(fixtures)
// Valid by the letter: a feature of unknown type, which nobody can draw. The library refuses it.
const unknownType = ['016', '039']
// What the library refuses as a whole; the other broken ones are read as far as they go.
const refused = ['003', '004', '005', '006', '010', '011', '026', '045', '052']

describe('the library that reads tiles', () => {
  it('has all fixtures', () => expect(ids).toHaveLength(74))

  for (const id of ids) {
    const { description, validity } = json<Info>(id, 'info.json')
    it(`${id}: ${description.slice(0, 80)}`, () => {
      if (unknownType.includes(id) || refused.includes(id)) {
        expect(() => read(id)).toThrow()
        return
      }
      const layers = read(id)
      if (!validity.v2) {
        expect(layers.flatMap((l) => l.features).length).toBeLessThanOrEqual(1) // each of them has one feature
        return
      }
      const described = (json<Described>(id, 'tile.json').layers ?? []).filter((l) => l.features?.length)
      expect(layers.map((l) => l.name)).toEqual(described.map((l) => l.name))
      described.forEach((want, i) => {
        const got = layers[i]!
        expect(got.extent).toBe(want.extent ?? 4096)
        expect(got.features.map((f) => f.type)).toEqual(want.features!.map((f) => f.type))
        expect(got.features.every((f) => f.parts > 0)).toBe(true)
        want.features!.forEach((f, n) => {
          const properties: Record<string, unknown> = {}
          for (let t = 0; t < (f.tags?.length ?? 0); t += 2) properties[want.keys![f.tags![t]!]!] = valueOf(want.values![f.tags![t + 1]!])
          expect(got.features[n]!.properties).toEqual(properties)
        })
      })
    })
  }
})
