// A console that is looked at for as long as its input is open: it signs in, and each time that a line comes in it answers with one line of JSON about its memory, after a
// collection: {"heap": bytes, "nodes": DOM nodes, "listeners": event listeners}. Arguments: address, login, password.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(new URL('../../frontend/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const [address, login, password] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-background-networking'],
})
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
await page.goto(`${address}/?display=wall`)
const inputs = page.locator('input')
await inputs.nth(0).fill(login)
await inputs.nth(1).fill(password)
await page.keyboard.press('Enter')
await page.getByTestId('console').waitFor({ timeout: 60_000 })
const devtools = await page.context().newCDPSession(page)
await devtools.send('Performance.enable')
console.log('ready')
for await (const _ of createInterface({ input: process.stdin })) {
  await devtools.send('HeapProfiler.collectGarbage')
  const { metrics } = await devtools.send('Performance.getMetrics')
  const of = (name) => metrics.find((m) => m.name === name)?.value ?? 0
  console.log(JSON.stringify({ heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') }))
}
await browser.close()
