// A console with many cameras, in which one thing after the other is clicked in the lists; and a page that asks for the same case and writes what it is told as text. It prints {"ours":[ms],"bare":[ms]}:
// the processor time that scripts of the main thread take for one, from the click until all of the detail is there. Arguments: address, login, password.
import { meter, openConsole } from './console.mjs'

const CLICKS = 100
const { browser, page } = await openConsole('/?lang=zh')
await page.locator('[data-testid=map][data-drawn]').waitFor({ timeout: 180_000 })
const rows = page.getByTestId('list-incident').getByRole('option')
await rows.first().waitFor()
const read = await meter(page)
const frames = (n) => page.evaluate((n) => new Promise((done) => { const next = () => (n-- ? requestAnimationFrame(next) : done()); next() }), n)
const selected = () => new URL(page.url()).searchParams.get('sel')
async function script(act) {
  const before = await read()
  await act()
  return 1000 * ((await read()).ScriptDuration - before.ScriptDuration)
}

const seen = { ours: [], bare: [] }
const ids = []
const there = await rows.count()
for (let i = 0; i < CLICKS; i++) {
  const row = await rows.nth((i * 3) % Math.min(there, 8)).boundingBox()
  const before = selected()
  seen.ours.push(
    await script(async () => {
      await page.mouse.click(row.x + row.width / 2, row.y + row.height / 2) // a person's click: a locator's looks for its row with scripts of its own
      await page.waitForFunction((before) => new URL(location.href).searchParams.get('sel') !== before && document.querySelector('[data-testid=incident-state]') && document.querySelector('[data-testid=log-entry]'), before, { polling: 50 })
      await frames(3)
    }),
  )
  ids.push(Number(selected().split('/')[1]))
}
const idle = await script(() => frames(3)) // what asking costs, and what the console does by itself
await page.goto(new URL('/kiosk', process.argv[2]).href)
for (const id of ids.slice(0, 30)) {
  seen.bare.push(
    await script(() =>
      page.evaluate(async (id) => {
        document.body.textContent = JSON.stringify(await (await fetch(`/api/incidents/${id}`)).json())
      }, id),
    ),
  )
}
console.error(`# interaction: ${idle.toFixed(1)} ms with no click in it`)
console.log(JSON.stringify(seen))
await browser.close()
