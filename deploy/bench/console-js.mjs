// A console in front of many cameras, of which hundreds change a second; then a page that reads the same frames and does nothing with them but keep them. It prints, as JSON, how many milliseconds
// of processor time a second the main thread takes for scripts (ours, bare) and for everything (task), and how many changes a second came. Arguments: address, login, password.
import { meter, openConsole } from './console.mjs'

const SECONDS = 20
const { browser, page } = await openConsole('/?lang=en')
let [changes, frames] = [0, 0]
page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => {
  const frame = typeof payload === 'string' ? payload : payload.subarray(4, 4 + payload.readUint32LE(0)).toString()
  if (!frame.startsWith('{"type":"diff","layer":"camera"')) return
  frames++
  const { rows, ids } = JSON.parse(frame)
  changes += rows ?? ids?.length ?? 0
}))
await page.getByTestId('console').waitFor({ timeout: 60_000 })
await page.reload() // now with an ear on its line
await page.waitForFunction(() => Number(document.querySelector('[data-testid=kpi-cameras] .figure-of')?.textContent.replace(/\D/g, '')) >= 100_000, null, { timeout: 120_000 })
const rest = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds))

async function measure(page) {
  const read = await meter(page)
  await rest(15) // what is compiled is compiled, and the map has its tiles; under this load it never rests
  const [before, came, heard, began] = [await read(), changes, frames, performance.now()]
  await rest(SECONDS)
  const after = await read()
  const seconds = (performance.now() - began) / 1000
  const each = (name) => (1000 * (after[name] - before[name])) / seconds
  return { script: each('ScriptDuration'), task: each('TaskDuration'), layout: each('LayoutDuration'), style: each('RecalcStyleDuration'), changes: (changes - came) / seconds, frames: (frames - heard) / seconds }
}

const ours = await measure(page)
const bare = await page.context().newPage()
await page.close()
await bare.goto(new URL('/kiosk', process.argv[2]).href)
await bare.evaluate(() => {
  const kept = new Map()
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/live`)
  socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', layer: 'camera', geometry: false }))
  socket.onmessage = ({ data }) => {
    const { ids = [], values = [] } = JSON.parse(data)
    ids.forEach((id, i) => kept.set(id, values.map((column) => column[i])))
  }
})
const { script } = await measure(bare)
console.error(`# console-js: ${JSON.stringify(ours)}; bare ${script.toFixed(2)} ms/s`)
console.log(JSON.stringify({ ours: ours.script, task: ours.task, bare: script, changes: ours.changes }))
await browser.close()
