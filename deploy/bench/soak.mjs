// A console that is looked at for as long as its input is open: it signs in, and each time that a line comes in it answers with one line of JSON about its memory, after a
// collection: {"heap": bytes, "nodes": DOM nodes, "listeners": event listeners}. Arguments: address, login, password.
import { createInterface } from 'node:readline'
import { openConsole } from './console.mjs'

const { browser, page } = await openConsole('/?display=wall')
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
