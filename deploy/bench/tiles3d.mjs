// How much memory a photographed landscape takes on a screen of a wall: in a flight over it, when the camera has left, when it is put off, when the graphics context is lost and when it is there again. It prints
// {"most","away","off","lost","again"}: bytes that the map says it holds, and {"graphics":[most, away, off]}: bytes of textures and buffers that the graphics context was given and that were not taken back, less those
// before. Arguments: address, login, password, name of the tileset.
import { openWalls } from './wall.mjs'

const name = process.argv[5]
const REST_MS = 3000
/** The ways over it: wide, low towards each side, and near the ground. All of them want more than may be held. */
const stations = [
  { center: [119.685, 29.797], zoom: 13.4, pitch: 50, bearing: 0 },
  { center: [119.672, 29.79], zoom: 15.2, pitch: 62, bearing: 45 },
  { center: [119.685, 29.806], zoom: 15.4, pitch: 60, bearing: 120 },
  { center: [119.698, 29.79], zoom: 15.6, pitch: 64, bearing: -70 },
  { center: [119.68, 29.8], zoom: 16.4, pitch: 68, bearing: -160 },
]

/** Counts, in the page, what its graphics context is given. */
function count() {
  const held = new Map()
  const set = (key, bytes) => {
    globalThis.held = (globalThis.held ?? 0) + bytes - (held.get(key) ?? 0)
    if (bytes) held.set(key, bytes)
    else held.delete(key)
  }
  const { prototype: gl } = WebGL2RenderingContext
  const of = (context, target) => context.getParameter(target === 3553 ? context.TEXTURE_BINDING_2D : context.TEXTURE_BINDING_CUBE_MAP)
  const wrap = (method, after) => {
    const own = gl[method]
    gl[method] = function (...args) {
      const out = own.apply(this, args)
      after(this, args)
      return out
    }
  }
  wrap('texStorage2D', (context, [target, levels, , width, height]) => set(of(context, target), (width * height * 4 * (levels > 1 ? 4 : 3)) / 3))
  wrap('texImage2D', (context, args) => {
    const [width, height] = args.length > 7 ? [args[3], args[4]] : [args[5].width, args[5].height]
    if (args[1] === 0 && args[0] === 3553) set(of(context, args[0]), width * height * 4)
  })
  wrap('bufferData', (context, [target, data]) => set(context.getParameter(target === 34963 ? context.ELEMENT_ARRAY_BUFFER_BINDING : context.ARRAY_BUFFER_BINDING), typeof data === 'number' ? data : (data?.byteLength ?? 0)))
  wrap('deleteTexture', (_, [texture]) => set(texture, 0))
  wrap('deleteBuffer', (_, [buffer]) => set(buffer, 0))
}

const { browser, wall } = await openWalls(count)
const one = await wall('tiles3d', { rows: 1, columns: 1, width: 960, height: 540 })
const [{ page }] = one.screens
const fetched = new Set()
page.on('request', (request) => request.url().includes(`/tilesets/${name}/`) && fetched.add(request.url()))
let shown = 0
const show = async (view, on) => {
  const scene = { name: `view-${++shown}`, elevation: 0, lang: 'zh', theme: 'dark', hidden: [], dwell_s: 600, ...view, ...(on && { tilesets: [name] }) }
  await one.show(scene)
  await page.locator(`[data-testid=map][data-whole="${scene.name}"]`).waitFor({ timeout: 300_000 })
}
const read = () => page.evaluate(() => ({ bytes: Number(document.querySelector('[data-testid=map]').dataset.tilesetBytes ?? 0), graphics: globalThis.held ?? 0, most: globalThis.most ?? 0, mostGraphics: globalThis.mostGraphics ?? 0 }))
/** What is held when nothing has changed for a while. */
async function rest() {
  let last = await read()
  for (let since = Date.now(); Date.now() - since < REST_MS; ) {
    await new Promise((done) => setTimeout(done, 250))
    const now = await read()
    if (now.bytes !== last.bytes) since = Date.now()
    last = now
  }
  return last
}

await show(stations[0], false)
const before = (await rest()).graphics
await page.evaluate(() => {
  const map = document.querySelector('[data-testid=map]')
  const look = () => {
    globalThis.most = Math.max(globalThis.most ?? 0, Number(map.dataset.tilesetBytes ?? 0))
    globalThis.mostGraphics = Math.max(globalThis.mostGraphics ?? 0, globalThis.held ?? 0)
    requestAnimationFrame(look)
  }
  look()
})
for (const station of stations) {
  await show(station, true)
  const { bytes, graphics } = await rest()
  console.error(`# tiles3d: at zoom ${station.zoom}: ${(bytes / 2 ** 20).toFixed(1)} MiB held, ${((graphics - before) / 2 ** 20).toFixed(1)} MiB in the graphics context, ${fetched.size} files`)
}
await show({ center: [119.3, 29.7], zoom: 12, pitch: 40, bearing: 0 }, true)
const away = await rest()
await show(stations[0], false)
const off = await rest()
await show(stations[1], true)
await rest()
const lost = await page.evaluate(
  () =>
    new Promise((done) => {
      const canvas = document.querySelector('canvas.maplibregl-canvas')
      const context = canvas.getContext('webgl2').getExtension('WEBGL_lose_context')
      canvas.addEventListener('webglcontextlost', () => setTimeout(() => {
        done(Number(document.querySelector('[data-testid=map]').dataset.tilesetBytes))
        context.restoreContext()
      }), { once: true })
      context.loseContext()
    }),
)
await page.waitForFunction(() => Number(document.querySelector('[data-testid=map]').dataset.tilesetBytes) > 0, undefined, { timeout: 180_000 })
const again = await rest()
const { most, mostGraphics } = await read()
console.log(JSON.stringify({ most, away: away.bytes, off: off.bytes, lost, again: again.bytes, graphics: [mostGraphics - before, away.graphics - before, off.graphics - before], fetched: fetched.size }))
await browser.close()
