/** The review queue: gone through by keyboard, with a dismissal, two words, a merge, and an evidence file that holds. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Desk, browser, server, stage } from './harness'

stage()

test('candidates are dismissed, issued and merged without a mouse', async () => {
  const desk = await Desk.open(browser, server, 'duty', {}, '/verdicts')
  const { page } = desk
  const current = () => page.locator('[aria-current] .verdict-number').textContent()
  await page.getByTestId('verdict-case').waitFor()
  const first = (await current())!.trim()
  await page.keyboard.press('j')
  await expect.poll(current).not.toBe(first)
  await page.keyboard.press('k')
  await expect.poll(current).toBe(first)
  await page.getByRole('heading', { name: first }).waitFor()
  await page.keyboard.press('1')
  await expect.poll(() => server.psql(`SELECT state FROM detection WHERE number = '${first}'`)).toBe('dismissed')
  await expect.poll(current).not.toBe(first)
  const second = (await current())!.trim()
  await page.getByRole('heading', { name: second }).waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => server.psql(`SELECT state FROM detection WHERE number = '${second}'`)).toBe('issued')
  await expect.poll(current).not.toBe(second)
  expect(server.psql(`SELECT code FROM detection_verdict ORDER BY id LIMIT 1`)).toBe('shadow')

  // Two are merged: x marks one, m joins it to the next.
  const third = (await current())!.trim()
  await page.getByRole('heading', { name: third }).waitFor()
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await expect.poll(current).not.toBe(third)
  await page.keyboard.press('m')
  await expect.poll(() => server.psql(`SELECT state FROM detection WHERE number = '${third}'`)).toBe('dismissed')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

test('where two persons are wanted the first one waits', async () => {
  server.psql(`INSERT INTO detection_rule (area_path, move, persons) VALUES ('', 'issue', 2)`)
  const desk = await Desk.open(browser, server, 'duty', {}, '/verdicts')
  const { page } = desk
  await page.getByTestId('verdict-issue').click()
  await page.locator('[aria-current] .verdict-number').waitFor()
  const number = server.psql(`SELECT number FROM detection d WHERE EXISTS (SELECT FROM detection_verdict v WHERE v.detection_id = d.id AND NOT v.counted)`)
  expect(number).not.toBe('')
  expect(server.psql(`SELECT state FROM detection WHERE number = '${number}'`)).toBe('detected')
  await page.locator('.verdict-row').filter({ hasText: number }).click()
  await page.getByTestId('verdict-waiting').waitFor()

  // Its evidence file holds, and one that was changed does not.
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByTestId('verdict-evidence').click()])
  const file = join(mkdtempSync(join(tmpdir(), 'evidence-')), 'e.pdf')
  await saved.saveAs(file)
  expect(execFileSync('../bin/wanglou', ['verify', file], { encoding: 'utf8' })).toContain('\nOK\n')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)
