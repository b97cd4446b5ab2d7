// How much a page holds, after a collection, while it goes on: it prints [{"at","heap","nodes"}] as JSON. Arguments: address, login, password, and
//   load MINUTES   a console in front of whatever changes; at is in minutes
//   scenes N       a wall's screen that is shown one scene after the other, each drawn whole; at is the number of scenes so far
import { meter, openConsole } from './console.mjs'
import { openWalls, views } from './wall.mjs'

const SAMPLES = 40
const [mode, much] = [process.argv[5], Number(process.argv[6])]
const samples = []
async function sample(read, at) {
  const { JSHeapUsedSize: heap, Nodes: nodes, JSEventListeners: listeners } = await read({ collect: true })
  samples.push({ at, heap, nodes, listeners })
  if (samples.length % 8 === 1) console.error(`# console-growth: ${mode} ${at.toFixed(1)} of ${much}: ${(heap / 1e6).toFixed(2)} MB, ${nodes} DOM nodes, ${listeners} listeners`)
}

if (mode === 'load') {
  const { browser, page } = await openConsole('/?lang=en')
  await page.getByTestId('kpi-cameras').getByText(/100[,.\s]?000/).waitFor({ timeout: 120_000 })
  const read = await meter(page)
  const began = performance.now()
  const minutes = () => (performance.now() - began) / 60_000
  while (minutes() < much) {
    await sample(read, minutes())
    await new Promise((done) => setTimeout(done, (60_000 * much) / SAMPLES))
  }
  await browser.close()
} else {
  const { browser, wall } = await openWalls()
  const one = await wall('growth', { rows: 1, columns: 1, width: 480, height: 270 })
  const [{ page }] = one.screens
  const read = await meter(page)
  const scenes = views.flatMap((view) => ['dark', 'light'].map((theme) => ({ ...view, name: `${view.name}-${theme}`, theme })))
  for (let i = 0; i < much; i++) {
    const scene = scenes[i % scenes.length]
    await one.show(scene)
    await page.locator(`[data-testid=map][data-whole="${scene.name}"]`).waitFor({ timeout: 180_000 })
    // like is compared with like: the same scene each time
    if (i % (scenes.length * Math.max(1, Math.round(much / scenes.length / SAMPLES))) === 0) await sample(read, i)
  }
  await browser.close()
}
console.log(JSON.stringify(samples))
