/** Photographed landscapes on the map: they come, stay within their memory however often somebody flies over them, and go. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync, crc32 } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Desk, Wanglou, launch, until } from './harness'

let server: Wanglou
let browser: Browser
beforeAll(async () => {
  server = await Wanglou.start()
  browser = await launch()
}, 600_000)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const SIDE = 2048
const TILE_BYTES = SIDE * SIDE * 4 * (4 / 3) // of a picture with its smaller ones
const TILES = 14
const radians = Math.PI / 180

/** A picture of one colour: large for the graphics card, small on the way. */
function png(shade: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(data.length)
    const body = Buffer.concat([Buffer.from(name), data])
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([head, body, sum])
  }
  const size = Buffer.alloc(13)
  size.writeUInt32BE(SIDE, 0)
  size.writeUInt32BE(SIDE, 4)
  size.writeUInt8(8, 8) // bits; the colour type 0 is grey
  const rows = Buffer.alloc((SIDE + 1) * SIDE, shade)
  for (let y = 0; y < SIDE; y++) rows[y * (SIDE + 1)] = 0
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', size), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

/** A flat square with a picture on it, `side` metres wide, `east` metres from the middle. */
function glb(east: number, side: number, picture: Buffer): Buffer {
  const half = side / 2
  const floats = (...v: number[]) => Buffer.from(new Float32Array(v).buffer)
  const parts = [
    floats(east - half, 1, half, east + half, 1, half, east + half, 1, -half, east - half, 1, -half),
    floats(0, 1, 1, 1, 1, 0, 0, 0),
    Buffer.from(new Uint16Array([0, 1, 2, 0, 2, 3]).buffer),
    picture,
  ]
  let at = 0
  const views = parts.map((part) => {
    const view = { buffer: 0, byteOffset: at, byteLength: part.length }
    at += Math.ceil(part.length / 4) * 4
    return view
  })
  const bin = Buffer.alloc(at)
  parts.forEach((part, i) => part.copy(bin, views[i]!.byteOffset))
  const document = {
    asset: { version: '2.0' }, scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, TEXCOORD_0: 1 }, indices: 2, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorTexture: { index: 0 }, metallicFactor: 0 } }],
    textures: [{ source: 0 }], images: [{ bufferView: 3, mimeType: 'image/png' }], buffers: [{ byteLength: at }], bufferViews: views,
    accessors: [
      { bufferView: 0, componentType: 5126, count: 4, type: 'VEC3', min: [east - half, 1, -half], max: [east + half, 1, half] },
      { bufferView: 1, componentType: 5126, count: 4, type: 'VEC2' },
      { bufferView: 2, componentType: 5123, count: 6, type: 'SCALAR' },
    ],
  }
  const json = Buffer.from(JSON.stringify(document))
  const padded = Buffer.concat([json, Buffer.alloc((4 - (json.length % 4)) % 4, ' ')])
  const head = (length: number, kind: number) => Buffer.from(new Uint32Array([length, kind]).buffer)
  return Buffer.concat([Buffer.from('glTF'), head(2, 28 + padded.length + bin.length), head(padded.length, 0x4e4f534a), padded, head(bin.length, 0x004e4942), bin])
}

/** A row of squares that a tileset puts on the earth. */
function writeTileset(name: string, lon: number, lat: number): void {
  const folder = join(server.data, 'tilesets', name)
  mkdirSync(folder, { recursive: true })
  const [l, p] = [lon * radians, lat * radians]
  const [sl, cl, sp, cp] = [Math.sin(l), Math.cos(l), Math.sin(p), Math.cos(p)]
  const n = 6_378_137 / Math.sqrt(1 - 0.00669437999 * sp * sp)
  const transform = [-sl, cl, 0, 0, -sp * cl, -sp * sl, cp, 0, cp * cl, cp * sl, sp, 0, n * cp * cl, n * cp * sl, n * (1 - 0.00669437999) * sp, 1]
  const picture = png(60 + name.length)
  const side = 30
  const children = Array.from({ length: TILES }, (_, i) => {
    const east = (i - (TILES - 1) / 2) * side
    writeFileSync(join(folder, `${i}.glb`), glb(east, side, picture))
    return { boundingVolume: { box: [east, 0, 1, side / 2, 0, 0, 0, side / 2, 0, 0, 0, 1] }, geometricError: 0, content: { uri: `${i}.glb` } }
  })
  const width = (TILES * side) / 2
  const region = [(lon - width / 96_000) * radians, (lat - 0.001) * radians, (lon + width / 96_000) * radians, (lat + 0.001) * radians, 0, 10]
  writeFileSync(join(folder, 'tileset.json'), JSON.stringify({ asset: { version: '1.1' }, geometricError: 500, root: { transform, boundingVolume: { region }, geometricError: 400, refine: 'ADD', children } }))
}

test('two landscapes larger than their memory: flown over and back twenty times they stay within it, and switched off they leave nothing', async () => {
  writeTileset('west', 119.66, 29.79)
  writeTileset('east', 119.72, 29.8)
  const desk = await Desk.open(browser, server, 'duty', { width: 900, height: 600 })
  const { page } = desk
  await desk.drawn()
  await until('the catalogue lists them', async () => (await page.evaluate(async () => ((await (await fetch('/api/catalog')).json()) as { tilesets: unknown[] }).tilesets.length)) === 2, 60_000)
  await page.reload()
  await desk.drawn()
  await page.locator('.layer-group-button').filter({ hasText: '底图' }).click()
  const bytes = async () => Number((await page.getByTestId('map').getAttribute('data-tileset-bytes')) ?? 0)
  for (const name of ['west', 'east']) await page.getByTestId(`tileset-${name}`).click()
  const seen: number[] = []
  for (let flight = 0; flight < 40; flight++) {
    const before = await bytes()
    await page.getByTestId(`tileset-fly-${flight % 2 ? 'east' : 'west'}`).click()
    if (flight < 2) await until('its squares come', async () => (await bytes()) > before + 4 * TILE_BYTES || (await bytes()) > 8 * TILE_BYTES, 120_000)
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    seen.push(await bytes())
  }
  const most = Math.max(...seen) / 2 ** 20
  console.log(`most bytes held in 40 flights: ${most.toFixed(1)} MiB of ${((2 * TILES * TILE_BYTES) / 2 ** 20).toFixed(0)} MiB that there are`)
  expect(most, 'something was shown').toBeGreaterThan((6 * TILE_BYTES) / 2 ** 20)
  expect(most, 'the bound, and what was on its way when it was met').toBeLessThan(256 + (5 * TILE_BYTES) / 2 ** 20)
  for (const name of ['west', 'east']) await page.getByTestId(`tileset-${name}`).click()
  await until('all is given back', async () => (await bytes()) === 0, 60_000)
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 600_000)
