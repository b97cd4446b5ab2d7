import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const lib = new URL('../../frontend/node_modules/maplibre-gl/dist/', import.meta.url)
/** MapLibre alone, with the basemap's own style, over the same county: what a map costs that has nothing on it. The page is of the server's origin, so that its session holds; `globalThis.map` is the map. */
export async function openBare(context, address, { width, height } = { width: 1280, height: 720 }) {
  const page = await context.newPage()
  await page.setViewportSize({ width, height })
  await context.route('**/bare/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname === '/bare/') return route.fulfill({ contentType: 'text/html', body: `<!doctype html><div id="map" style="position:absolute;inset:0"></div><script type="module">${start}</script>` })
    return route.fulfill({ contentType: 'text/javascript', headers: { 'cache-control': 'max-age=31536000' }, body: await readFile(new URL(pathname.replace('/bare/', ''), lib)) })
  })
  await page.goto(`${address}/bare/`)
  return page
}

/** What MapLibre alone weighs, packed as the server packs. */
export async function bareBytes() {
  let bytes = 0
  for (const name of ['maplibre-gl.mjs', 'maplibre-gl-shared.mjs', 'maplibre-gl-worker.mjs', 'maplibre-gl.css']) bytes += gzipSync(await readFile(new URL(name, lib)), { level: 6 }).length
  return bytes
}

const start = `
import { Map, setWorkerUrl } from '/bare/maplibre-gl.mjs'
setWorkerUrl('/bare/maplibre-gl-worker.mjs')
const { county } = await (await fetch('/api/catalog')).json()
globalThis.map = new Map({ container: 'map', style: '/styles/dark.json?lang=zh', bounds: county.bbox, attributionControl: false, fadeDuration: 0, canvasContextAttributes: { antialias: false } })
map.once('idle', () => { document.body.dataset.drawn = performance.now() })
`
