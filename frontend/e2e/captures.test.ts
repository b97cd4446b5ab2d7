/** A drone team's orthophoto: sent over a line that breaks, made, and seen on the map. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Desk, browser, server, stage } from './harness'

stage()

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'wanglou-captures-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An orthophoto of 80 × 60 m near the county's town, five centimetres a pixel; it does not say when it was flown. */
function orthophoto(name: string): string {
  const path = join(folder, name)
  execFileSync('gdal_create', ['-q', '-of', 'GTiff', '-outsize', '1600', '1200', '-bands', '3', '-burn', '180', '-burn', '90', '-burn', '60', '-a_srs', 'EPSG:4549', '-a_ullr', '461000', '3299060', '461080', '3299000', path])
  return path
}

test('a file survives a broken line and a closed browser, and is seen on the map', async () => {
  const file = orthophoto('五月.tif')
  const size = statSync(file).size
  let desk = await Desk.open(browser, server, 'drone', {}, '/captures')
  // The first bytes go through, then the server is gone in the middle of the file, as if by a power cut.
  const line = await desk.page.context().newCDPSession(desk.page)
  await line.send('Network.enable')
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 20, downloadThroughput: -1, uploadThroughput: size / 12 })
  await desk.page.getByTestId('captures-files').setInputFiles(file)
  await desk.page.getByTestId('captures-file').filter({ hasText: '还需' }).waitFor()
  await desk.page.waitForFunction(() => document.querySelector<HTMLProgressElement>('.captures-file progress')!.value > 1_000_000)
  const kept = () => Number(server.psql('SELECT max(received) FROM upload'))
  while (kept() === 0) await desk.page.waitForTimeout(200)
  await server.kill()
  await desk.page.locator('[data-testid=captures-file][data-state=interrupted]').waitFor()
  await desk.close()
  await server.serve()

  // Another day: the server knows what is not done, and the same file goes on from there.
  desk = await Desk.open(browser, server, 'drone', {}, '/captures')
  const { page } = desk
  const before = kept()
  await page.getByText('请重新选择同一文件以继续').waitFor()
  await page.getByTestId('captures-files').setInputFiles(file)
  await page.locator('[data-testid=captures-file][data-state=whole]').waitFor()
  expect(server.psql('SELECT count(*) FROM upload'), 'it is the same upload').toBe('1')
  expect(before, 'something was kept').toBeGreaterThan(0)
  await page.getByTestId('captures-hand').click()
  await page.locator('[data-testid=ingest][data-state=asking]').waitFor({ timeout: 60_000 })
  await page.getByTestId('ask-time').fill('2026-05-31T10:00')
  await page.getByTestId('ask-answer').click()
  await page.getByTestId('capture').filter({ hasText: '五月' }).waitFor({ timeout: 60_000 })
  expect(desk.problems()).toEqual([])

  // On the map, among the layers.
  const tile = page.waitForResponse((answer) => /\/tiles\/orthophoto\/\d+\//.test(answer.url()) && answer.status() === 200, { timeout: 60_000 })
  await page.getByTestId('capture-show').first().click()
  expect((await tile).headers()['content-type']).toMatch(/^image\//)
  await page.getByTestId('picture-orthophoto').waitFor({ state: 'attached' })

  // Close by, tiles come as they stand in the file.
  const { items } = (await (await page.request.get('/api/captures')).json()) as { items: { bbox: [number, number, number, number]; max_zoom: number }[] }
  const { bbox, max_zoom: z } = items[0]!
  const x = Math.floor((((bbox[0] + bbox[2]) / 2 + 180) / 360) * 2 ** z)
  const y = Math.floor(((1 - Math.asinh(Math.tan((((bbox[1] + bbox[3]) / 2) * Math.PI) / 180)) / Math.PI) / 2) * 2 ** z)
  const own = await page.request.get(`/tiles/orthophoto/${z}/${x}/${y}`)
  expect([own.status(), own.headers()['content-type']]).toEqual([200, 'image/webp'])
  await desk.close()
}, 240_000)
