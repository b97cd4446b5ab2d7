import { createRequire } from 'node:module'

const require = createRequire(new URL('../../frontend/package.json', import.meta.url))
const { chromium } = require('playwright-core')

/** Opens a page of the console in Chromium and signs in. Arguments of the program: address, login, password. */
export async function openConsole(path) {
  const [address, login, password] = process.argv.slice(2)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-background-networking'],
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  await page.goto(address + path)
  const inputs = page.locator('input')
  await inputs.nth(0).fill(login)
  await inputs.nth(1).fill(password)
  await page.keyboard.press('Enter')
  return { browser, page }
}
