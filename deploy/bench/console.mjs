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

/** Reads what a page has used so far, by the names of the devtools: durations are seconds of the main thread's processor time. */
export async function meter(page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async ({ collect = false } = {}) => {
    if (collect) await devtools.send('HeapProfiler.collectGarbage')
    const { metrics } = await devtools.send('Performance.getMetrics')
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
  }
}
