// A console that is looked at for as long as its input is open: it signs in, and each time that a line comes in it answers with one line of JSON about its memory, after a
// collection: {"heap": bytes, "nodes": DOM nodes, "listeners": event listeners}. Arguments: address, login, password.
import { createInterface } from 'node:readline'
import { meter, openConsole } from './console.mjs'

const { browser, page } = await openConsole('/?display=wall')
await page.getByTestId('console').waitFor({ timeout: 60_000 })
const read = await meter(page)
console.log('ready')
for await (const _ of createInterface({ input: process.stdin })) {
  const { JSHeapUsedSize: heap, Nodes: nodes, JSEventListeners: listeners } = await read({ collect: true })
  console.log(JSON.stringify({ heap, nodes, listeners }))
}
await browser.close()
