import { createRequire } from 'node:module'

const require = createRequire(new URL('../../frontend/package.json', import.meta.url))
const { chromium } = require('playwright-core')

/** Opens a page of the console in Chromium and signs in; a function and its argument may run in every page before it. Arguments of the program: address, login, password. */
export async function openConsole(path, before, graphics = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist']) {
  const [address, login, password] = process.argv.slice(2)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...graphics, '--disable-background-networking'],
  })
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage()
  if (before) await page.addInitScript(...before)
  await page.goto(address + path)
  const inputs = page.locator('input')
  await inputs.nth(0).fill(login)
  await inputs.nth(1).fill(password)
  await page.keyboard.press('Enter')
  return { browser, page }
}

/**
 * Reads what a page has used so far, by the names of the devtools: durations are seconds of the main thread's processor time. After a collection
 * JSHeapUsedSize is that of the page and of its workers, which hold the map's tiles.
 */
export async function meter(page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  let ask // workers are attached to where their heaps are asked for, and left alone where time is measured
  return async ({ collect = false } = {}) => {
    if (collect) await devtools.send('HeapProfiler.collectGarbage')
    const { metrics } = await devtools.send('Performance.getMetrics')
    const all = Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
    if (collect) {
      ask ??= await workersOf(devtools)
      await ask('HeapProfiler.collectGarbage')
      for (const { usedSize } of await ask('Runtime.getHeapUsage')) all.JSHeapUsedSize += usedSize
    }
    return all
  }
}

/** Asks something of every worker of a page, and returns the answers of those that are there. */
async function workersOf(devtools) {
  const workers = new Set()
  const waiting = new Map()
  let asked = 0
  const leave = (worker) => {
    workers.delete(worker)
    for (const [id, { of, done }] of waiting) if (of === worker) waiting.delete(id) && done(null)
  }
  devtools.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => targetInfo.type === 'worker' && workers.add(sessionId))
  devtools.on('Target.detachedFromTarget', ({ sessionId }) => leave(sessionId))
  devtools.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message)
    const one = waiting.get(id)
    if (!one) return
    waiting.delete(id)
    if (error) one.failed(new Error(error.message))
    else one.done(result)
  })
  await devtools.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  const one = (sessionId, method) => new Promise((done, failed) => {
    const id = ++asked
    waiting.set(id, { of: sessionId, done, failed })
    devtools.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) }).catch(() => leave(sessionId))
  })
  return async (method) => (await Promise.all([...workers].map((worker) => one(worker, method)))).filter((answer) => answer !== null)
}
