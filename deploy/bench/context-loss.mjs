// A console whose graphics context is taken away, with a case selected, and given back as soon as it may; and MapLibre alone, with which the same is done. It prints {"ours":[ms],"bare":[ms]}: from the
// loss until the map is drawn whole again. It fails when something that the map showed is missing then. Arguments: address, login, password.
import { openBare } from './bare.mjs'
import { openConsole } from './console.mjs'

const ROUNDS = 7
const { browser, page } = await openConsole('/?lang=zh')
await page.locator('[data-testid=map][data-drawn]').waitFor({ timeout: 180_000 })
await page.getByTestId('list-incident').getByRole('option').first().click()
await page.getByTestId('incident-state').waitFor()

/** Takes the context away and gives it back in the browser's next turn; resolves when what the map then says is whole has been drawn. Begins when nothing is left to draw of before. */
function lose(page, whole) {
  return page.evaluate(
    ([whole]) =>
      new Promise((done) => {
        const canvas = document.querySelector('canvas.maplibregl-canvas')
        const gl = canvas.getContext('webgl2')
        const context = gl.getExtension('WEBGL_lose_context')
        const drawn = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4)) // waits for the card: a map says that it rests when it has told the card what to draw
        let began = 0
        canvas.addEventListener('webglcontextlost', () => setTimeout(() => context.restoreContext()), { once: true })
        canvas.addEventListener(
          'webglcontextrestored',
          () => {
            const seen = () => {
              drawn()
              done(performance.now() - began)
            }
            if (!whole) return void globalThis.map.once('idle', seen).triggerRepaint()
            const map = document.querySelector(whole)
            const look = () => ('drawn' in map.dataset ? seen() : requestAnimationFrame(look))
            setTimeout(look)
          },
          { once: true },
        )
        drawn()
        began = performance.now()
        context.loseContext()
      }),
    [whole],
  )
}

const seen = { ours: [], bare: [] }
for (let round = 0; round < ROUNDS; round++) seen.ours.push(await lose(page, '[data-testid=map]'))
console.error(`# context-loss: ${JSON.stringify(seen.ours)} ms`)
await page.close()
const bare = await openBare(await browser.newContext({ storageState: await page.context().storageState() }), process.argv[2])
await bare.locator('body[data-drawn]').waitFor({ state: 'attached', timeout: 180_000 })
for (let round = 0; round < ROUNDS; round++) seen.bare.push(await lose(bare))
console.error(`# context-loss: ${JSON.stringify(seen)}`)
console.log(JSON.stringify(seen))
await browser.close()
