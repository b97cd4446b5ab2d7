/** What people see, at the sizes they see it: nothing cut off, nothing from outside, everything by keyboard. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Desk, Wanglou, launch, until } from './harness'

let server: Wanglou
let browser: Browser
beforeAll(async () => {
  server = await Wanglou.start()
  browser = await launch()
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

/** Texts that are wider or higher than the box that shows them, unless they are made to end with an ellipsis. */
const cutOff = (desk: Desk) => desk.page.evaluate(() => {
  const found: string[] = []
  for (const e of document.querySelectorAll<HTMLElement>('button, h1, h2, h3, label, .figure-value, .state-chip, td, th, summary, a')) {
    const style = getComputedStyle(e)
    if (style.overflow === 'visible' && style.textOverflow !== 'ellipsis' && e.offsetParent && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0) {
      found.push(`${e.tagName} ${e.className}: ${e.innerText.slice(0, 40)}`)
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways')
  return found
})

describe.each([[1920, 1080], [3840, 1080]])('%i × %i', (width, height) => {
  test.each([['dark', 'zh'], ['dark', 'en'], ['light', 'zh'], ['light', 'en']] as const)('%s, %s', async (theme, lang) => {
    const desk = await Desk.open(browser, server, 'duty', { width, height, theme, lang })
    await desk.live()
    await desk.page.keyboard.press('j')
    await desk.page.getByTestId('incident-state').waitFor()
    await until('the map has drawn', () => desk.page.evaluate(() => document.querySelector('[data-testid=map] canvas') !== null))
    await desk.page.waitForLoadState('networkidle')
    await desk.shot(`console-${width}-${theme}-${lang}`)
    expect(await cutOff(desk)).toEqual([])
    expect(desk.problems()).toEqual([])
    await desk.close()
  }, 90_000)
})

test('log-in tells what is wrong in the language of the page', async () => {
  const context = await browser.newContext({ baseURL: server.url })
  const page = await context.newPage()
  await page.goto('/?lang=en')
  await page.locator('input[autocomplete="username"]').fill('duty')
  await page.locator('input[type="password"]').fill('wrong password')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').first().waitFor()
  expect(await page.getByTestId('login-form').innerText()).toMatch(/password/i)
  await context.close()
})

test('the main road of a duty officer needs no mouse', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  await desk.live()
  const { page } = desk
  await page.keyboard.press('j')
  const first = new URL(page.url()).searchParams.get('sel')
  await page.keyboard.press('j')
  expect(new URL(page.url()).searchParams.get('sel')).not.toBe(first)
  await page.keyboard.press('k')
  expect(new URL(page.url()).searchParams.get('sel')).toBe(first)
  await page.keyboard.press('Escape')
  await until('nothing is selected', () => new URL(page.url()).searchParams.get('sel') === null)
  await page.keyboard.press('/')
  await page.keyboard.type('分水')
  await page.getByRole('option').first().waitFor()
  await desk.shot('search')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await desk.shot('help')
  await page.keyboard.press('Escape')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 90_000)
