/** What people see, at the sizes they see it: nothing cut off, nothing from outside, everything by keyboard. */
import { describe, expect, test } from 'vitest'
import { Desk, browser, cutOff, server, stage, until } from './harness'

stage()

describe.each([[1920, 1080], [3840, 1080]])('%i × %i', (width, height) => {
  test('nothing is cut off in either theme and either language', async () => {
    const desk = await Desk.open(browser, server, 'duty', { width, height, theme: 'dark', lang: 'zh', sharp: true })
    await desk.queue()
    await desk.page.keyboard.press('j')
    await desk.page.getByTestId('incident-state').waitFor()
    const html = desk.page.locator('html')
    for (const [pressed, theme, lang] of [['', 'dark', 'zh'], ['e', 'dark', 'en'], ['t', 'light', 'en'], ['e', 'light', 'zh']] as const) {
      if (pressed) await desk.page.keyboard.press(pressed)
      await until(`the page is ${theme} and speaks ${lang}`, async () => (await html.getAttribute('data-theme')) === theme && ((await html.getAttribute('lang')) ?? '').startsWith(lang))
      await desk.drawn()
      await desk.shot(`console-${width}-${theme}-${lang}`)
      expect(await cutOff(desk), `${theme}, ${lang}`).toEqual([])
    }
    expect(desk.problems()).toEqual([])
    await desk.close()
  }, 120_000)
})

test('no page is longer or wider than a small screen: what is on it scrolls', async () => {
  const desk = await Desk.open(browser, server, 'admin', { width: 1366, height: 768, lang: 'en' }, '/admin/users')
  const tabs = desk.page.locator('.admin-tabs button')
  await tabs.first().waitFor()
  const beyond: string[] = []
  for (const tab of await tabs.all()) {
    await tab.click()
    await desk.page.locator('.admin-page section').first().waitFor()
    const [tall, wide] = await desk.page.evaluate(() => [document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth])
    if (tall! > 0 || wide! > 0) beyond.push(`${await tab.textContent()}: ${tall} px down, ${wide} px aside`)
  }
  expect(beyond).toEqual([])
  await desk.close()
}, 120_000)

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
  const desk = await Desk.open(browser, server, 'duty', { width: 1920, height: 1080 })
  await desk.queue()
  const { page } = desk
  await page.keyboard.press('j')
  const first = new URL(page.url()).searchParams.get('sel')
  await page.keyboard.press('j')
  expect(new URL(page.url()).searchParams.get('sel')).not.toBe(first)
  await page.keyboard.press('k')
  expect(new URL(page.url()).searchParams.get('sel')).toBe(first)
  await page.locator('[data-testid^="row-incident-"]').nth(2).click() // whoever did take the mouse goes on with the keys
  const pressed = new URL(page.url()).searchParams.get('sel')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('k')
  expect(new URL(page.url()).searchParams.get('sel')).toBe(first)
  expect(pressed).not.toBe(first)
  await page.keyboard.press('Escape')
  await until('nothing is selected', () => new URL(page.url()).searchParams.get('sel') === null)
  await page.keyboard.press('/')
  await until('the search box has the keys', () => page.evaluate(() => document.activeElement?.matches('#search input') ?? false))
  await page.keyboard.type('分水')
  await page.locator('.search-results [role=option]').first().waitFor() // the queue's rows are options, too
  await desk.shot('search')
  await page.keyboard.press('ArrowDown')
  await until('the first hit is marked', () => page.evaluate(() => Boolean(document.querySelector('#search input')?.getAttribute('aria-activedescendant'))))
  await page.keyboard.press('Enter')
  await until('the box has let go of the keys', () => page.evaluate(() => document.activeElement?.tagName !== 'INPUT'))
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await desk.shot('help')
  await page.keyboard.press('Escape')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

test('the palette finds by initials, acts, and the map is measured, all by keyboard', async () => {
  const desk = await Desk.open(browser, server, 'duty', { width: 1280, height: 800 })
  await desk.queue()
  const { page } = desk
  const palette = page.getByTestId('palette')
  await page.keyboard.press('Control+k')
  await page.getByTestId('palette-input').waitFor()
  await page.keyboard.type('cnjd')
  const town = palette.getByRole('option').filter({ hasText: '城南街道' }).filter({ hasText: '330122' })
  await town.first().waitFor()
  await until('the town is marked', async () => {
    if ((await town.first().getAttribute('aria-selected')) === 'true') return true
    await page.keyboard.press('ArrowDown')
    return false
  })
  await page.keyboard.press('Enter')
  await until('the town is selected', () => new URL(page.url()).searchParams.get('sel')?.startsWith('area/') ?? false)
  await page.keyboard.press('Control+k')
  await palette.getByRole('option').filter({ hasText: '城南街道' }).first().waitFor() // opened before
  await page.keyboard.type('测量')
  await palette.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await page.getByTestId('measure').waitFor()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  await until('a length is told', async () => /\d m|\d 米|公里|km/.test(await page.getByTestId('measure-figures').innerText()))
  await desk.shot('measure')
  await page.keyboard.press('Escape')
  await page.getByTestId('measure').waitFor({ state: 'detached' })
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

describe.each(['zh', 'en'] as const)('what there is to see when there is little, in %s', (lang) => {
  test('a filter that leaves nothing says so and can be taken back', async () => {
    const desk = await Desk.open(browser, server, 'duty.chengnan', { lang, width: 1920, height: 1080 })
    await desk.live()
    const rows = desk.page.getByTestId('list-incident').getByRole('option')
    await rows.first().waitFor()
    const all = await rows.count()
    await desk.page.locator('.chip').first().click() // danger to life: this town has none
    await desk.page.locator('.listing .blank').waitFor()
    await desk.shot(`filtered-empty-${lang}`)
    expect(await cutOff(desk)).toEqual([])
    await desk.page.locator('.listing .blank button').click()
    await until('all rows are back', async () => (await rows.count()) === all)
    await desk.close()
  }, 120_000)

  test('a viewer is offered nothing that he may not do', async () => {
    const desk = await Desk.open(browser, server, 'viewer', { lang, width: 1920, height: 1080 })
    await desk.queue()
    expect(await desk.page.getByTestId('new-incident').count()).toBe(0)
    await desk.page.keyboard.press('j')
    await desk.page.getByTestId('incident-state').waitFor()
    await desk.page.getByTestId('log-entry').first().waitFor()
    expect(await desk.page.locator('[data-dispatch], [data-testid^=move-]').count()).toBe(0)
    await desk.shot(`viewer-${lang}`)
    await desk.page.goto(new URL('/admin/users', server.url).href)
    await desk.page.locator('.blank').first().waitFor()
    await desk.shot(`no-rights-${lang}`)
    expect(await cutOff(desk)).toEqual([])
    await desk.close()
  }, 120_000)
})
