/** Numbers on the map: what is brushed narrows everything, stands in the address, and goes with Escape; each number opens its cases; closed cases are found. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

test('a class that is brushed narrows list and cases, by the address too', async () => {
  const desk = await Desk.open(browser, server, 'duty', {}, '/statistics?stat=measure:created;by:duty_grid;window:year')
  const { page } = desk
  const behind = page.getByTestId('stat-behind')
  const all = Number(server.psql(`SELECT count(*) FROM incident WHERE unit_grid_id IS NOT NULL`))
  await behind.filter({ hasText: String(all) }).waitFor()
  await page.getByTestId('stat-bar-class-09').press('Enter')
  const some = Number(server.psql(`SELECT count(*) FROM incident WHERE category LIKE '09%'`))
  expect(some).toBeLessThan(all)
  await behind.filter({ hasText: new RegExp(`· ${some}$`) }).waitFor()
  await until('as many cases as the number says', async () => (await page.getByTestId('stat-case').count()) === some)
  expect(page.url()).toContain('class:09')
  await page.reload()
  await behind.filter({ hasText: new RegExp(`· ${some}$`) }).waitFor()

  server.psql(`INSERT INTO incident (title, category, severity, state, area_path, geom) SELECT '新占道', '09006', 3, 'filed', area_path, ST_PointOnSurface(geom) FROM unit_grid ORDER BY id LIMIT 1`)
  await behind.filter({ hasText: new RegExp(`· ${some + 1}$`) }).waitFor() // without a reload
  await page.keyboard.press('Escape')
  await behind.filter({ hasText: new RegExp(`· ${all + 1}$`) }).waitFor()
  expect(page.url()).not.toContain('class:09')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

test('a case that is over is found by its number, and said to be so', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  const { page } = desk
  await desk.queue()
  const number = server.psql(`SELECT number FROM incident WHERE state = 'closed' ORDER BY id LIMIT 1`)
  await page.keyboard.press('Control+k')
  await page.getByTestId('palette-input').waitFor()
  await page.keyboard.type(number)
  const found = page.getByTestId('palette').getByRole('option').filter({ hasText: number })
  await found.filter({ hasText: '结案' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByTestId('detail-close').waitFor()
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)
