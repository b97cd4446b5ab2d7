/** Every page is checked by axe against WCAG 2.2 AA, in both themes: who cannot see colours, or uses no mouse, works here too. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { Desk, browser, server, stage } from './harness'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

stage()

/** What axe has to say against the page: the rule, and the first elements that break it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe) // through the debugger: the page's own policy lets nothing in
  const { violations } = await page.evaluate(async () => {
    const run = (window as unknown as { axe: typeof import('axe-core') }).axe.run
    return (await run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })) as unknown as AxeResults
  })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim()}`).join(' | ')}`)
}

describe.each(['dark', 'light'] as const)('%s', (theme) => {
  test('log-in', async () => {
    const context = await browser.newContext({ baseURL: server.url })
    const page = await context.newPage()
    await page.goto(`/?theme=${theme}`)
    await page.getByTestId('login-form').waitFor()
    expect(await violations(page)).toEqual([])
    await context.close()
  })

  test('console: overview, a case, the filter, the help sheet', async () => {
    const desk = await Desk.open(browser, server, 'duty', { theme })
    await desk.queue()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.getByTestId('queue-filter').click()
    await desk.page.keyboard.press('Escape')
    await desk.page.locator('body').press('j')
    await desk.page.getByTestId('incident-state').waitFor()
    await desk.page.getByTestId('log-entry').first().waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.locator('body').press('?')
    await desk.page.getByRole('dialog').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.keyboard.press('Escape')
    await desk.page.getByTestId('help').waitFor({ state: 'detached' })
    await desk.page.locator('body').press('z')
    await desk.page.getByTestId('knowledge-hit').first().waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.keyboard.press('Enter')
    await desk.page.getByTestId('knowledge-entry').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.close()
  })

  test('the supervision board, under an alarm', async () => {
    const desk = await Desk.open(browser, server, 'duty', { theme })
    await desk.queue()
    await desk.page.locator('body').press('5')
    await desk.page.getByTestId('tile-overdue').waitFor()
    server.psql("insert into incident (title, category, severity, state, geom, area_path) select '起火', '09012', 1, 'filed', st_pointonsurface(geom), path from area where level = 'village' limit 1")
    await desk.page.getByTestId('alarm-acknowledge').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.locator('body').press('a')
    await desk.page.getByTestId('alarm').waitFor({ state: 'detached' })
    await desk.close()
  })

  test('users, tokens, webhooks, geofences, knowledge, the review and audit', async () => {
    const desk = await Desk.open(browser, server, 'admin', { theme }, '/admin/users')
    await desk.page.getByRole('table').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/admin/tokens', server.url).href)
    await desk.page.getByTestId('new-token').click()
    await desk.page.getByTestId('token-form').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/admin/roles', server.url).href)
    await desk.page.getByTestId('role-viewer').getByRole('button').click()
    await desk.page.getByTestId('role-form').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/admin/webhooks', server.url).href)
    await desk.page.getByTestId('new-webhook').click()
    await desk.page.getByTestId('webhook-form').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/admin/geofences', server.url).href)
    await desk.page.getByTestId('new-geofence').click()
    await desk.page.getByTestId('geofence-form').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/admin/knowledge', server.url).href)
    await desk.page.getByTestId('new-knowledge').click()
    await desk.page.getByTestId('knowledge-form').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/review', server.url).href)
    await desk.page.getByTestId('review').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.page.goto(new URL('/admin/audit', server.url).href)
    await desk.page.getByRole('table').waitFor()
    expect(await violations(desk.page)).toEqual([])
    await desk.close()
  })

  test('the field page', async () => {
    const phone = await Desk.open(browser, server, 'unit7', { theme, width: 390, height: 844, mobile: true })
    await phone.page.getByTestId('field').waitFor()
    await phone.page.waitForLoadState('networkidle')
    expect(await violations(phone.page)).toEqual([])
    await phone.close()
  })
})
