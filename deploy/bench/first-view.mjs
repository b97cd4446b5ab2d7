// How long it takes from the opening of the console until its map is drawn whole, with an empty and with a full cache of the browser, and what it loads of the program by then; and MapLibre alone over
// the same county. It prints {"kb","cold","warm","bareKb","bareCold","bareWarm"}, times in ms, each the median. Arguments: address, login, password.
import { bareBytes, openBare } from './bare.mjs'
import { openConsole } from './console.mjs'

const ROUNDS = 5
const address = process.argv[2]
const { browser, page } = await openConsole('/?lang=zh')
await page.locator('[data-testid=map][data-drawn]').waitFor({ timeout: 180_000 }) // the server's tiles are drawn once, too
const session = await page.context().storageState()
await page.close()

const drawnAt = (page) => page.waitForFunction(() => globalThis.drawnAt ?? Number(document.body?.dataset.drawn ?? 0), null, { timeout: 180_000, polling: 100 }).then((handle) => handle.jsonValue())
async function fresh() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, storageState: session })
  await context.addInitScript(() => {
    new MutationObserver((_, me) => {
      if (!document.querySelector('[data-testid=map][data-drawn]')) return
      globalThis.drawnAt = performance.now()
      me.disconnect()
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-drawn'] })
  })
  return context
}

const seen = { kb: [], cold: [], warm: [], bareCold: [], bareWarm: [] }
for (let round = 0; round < ROUNDS; round++) {
  const ours = await fresh()
  const sizes = []
  ours.on('requestfinished', (request) => {
    if (/\/(assets\/.*\.(js|css))?$/.test(new URL(request.url()).pathname)) sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))
  })
  for (const which of ['cold', 'warm']) {
    const page = await ours.newPage()
    await page.goto(`${address}/?lang=zh`)
    seen[which].push(await drawnAt(page))
    if (which === 'cold') seen.kb.push((await Promise.all(sizes)).reduce((sum, n) => sum + n, 0) / 1000)
    await page.close()
  }
  await ours.close()
  const bare = await fresh()
  for (const which of ['bareCold', 'bareWarm']) {
    const page = await openBare(bare, address)
    seen[which].push(await drawnAt(page))
    await page.close()
  }
  await bare.close()
  console.error(`# first-view: ${Object.entries(seen).map(([name, values]) => `${name} ${Math.round(values.at(-1))}`).join(', ')}`)
}
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
console.log(JSON.stringify({ ...Object.fromEntries(Object.entries(seen).map(([name, values]) => [name, median(values)])), bareKb: (await bareBytes()) / 1000 }))
await browser.close()
