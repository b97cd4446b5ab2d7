/** The knowledge base: searched and read by keyboard alone over the console, and kept by an administrator. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage } from './harness'

stage()

test('a call-taker finds an entry and reads it without a mouse', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  await desk.live()
  const { page } = desk
  await page.locator('body').press('z')
  await page.getByTestId('knowledge-search').waitFor()
  expect(await page.getByTestId('knowledge-search').evaluate((input) => input === document.activeElement), 'typing begins at once').toBe(true)
  await page.keyboard.type('飞线')
  await page.getByTestId('knowledge-hit').first().filter({ hasText: '电动车楼道充电、飞线充电' }).waitFor()
  expect(await page.getByTestId('knowledge-hit').first().locator('mark').first().textContent()).toBe('飞线')
  await page.getByTestId('knowledge-search').fill('消防')
  await page.getByTestId('knowledge-hit').first().filter({ hasText: '占用消防通道怎么处理' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.getByTestId('knowledge-entry').filter({ hasText: '有火情立即转 119' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('knowledge-search').waitFor()
  await page.getByTestId('knowledge-search').fill('没有这样的东西')
  await page.getByText('没有找到“没有这样的东西”').waitFor()
  await page.keyboard.press('Escape') // clears
  await page.getByTestId('knowledge-hit').nth(5).waitFor()
  await page.keyboard.press('Escape') // closes
  await page.getByTestId('knowledge').waitFor({ state: 'detached' })
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

test('an administrator corrects an entry, which is found by its new words at once', async () => {
  const admin = await Desk.open(browser, server, 'admin', {}, '/admin/knowledge')
  const { page } = admin
  await page.locator('[name=knowledge-q]').fill('烟花爆竹')
  await page.getByTestId('knowledge-row').filter({ hasText: '已于 2025-03-01 失效' }).waitFor()
  await page.getByRole('button', { name: '修改 2025年春节烟花爆竹燃放规定' }).click()
  await page.locator('[name=knowledge-valid_until]').fill('2025-02-30')
  await page.getByTestId('knowledge-form').getByRole('button', { name: '保存' }).click()
  await page.getByTestId('knowledge-form').locator('.field-error').first().waitFor()
  await page.locator('[name=knowledge-valid_until]').fill('')
  await page.locator('[name=knowledge-title]').fill('烟花爆竹禁放区域')
  await page.getByTestId('knowledge-form').getByRole('button', { name: '保存' }).click()
  await page.getByTestId('knowledge-form').waitFor({ state: 'detached' })
  await page.locator('[name=knowledge-q]').fill('禁放区')
  await page.getByTestId('knowledge-row').filter({ hasText: '烟花爆竹禁放区域' }).waitFor()
  expect(server.psql(`SELECT revision FROM knowledge WHERE title = '烟花爆竹禁放区域'`)).toBe('2')
  expect(server.psql(`SELECT count(*) FROM audit_log WHERE action = 'knowledge.update'`)).toBe('1')
  expect(admin.problems().filter((problem) => !/status of 400/.test(problem))).toEqual([])
  await admin.close()
}, 120_000)
