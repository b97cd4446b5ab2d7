/** What is told of geofences, and the ways through the past: bookmarks, walls, the review. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

test('a rule is made, and the duty officer is told who comes in', async () => {
  server.psql(`INSERT INTO permit (number, area_path, geom) VALUES ('围堰', '330122', ST_Multi(ST_MakeEnvelope(119.60, 29.70, 119.61, 29.71, 4326)))`)
  const admin = await Desk.open(browser, server, 'admin', {}, '/admin/geofences')
  await admin.page.getByTestId('new-geofence').click()
  await admin.page.keyboard.type('围堰值守')
  await admin.page.getByTestId('geofence-fences').getByRole('button').click()
  await admin.page.getByRole('option', { name: '审批图斑' }).click()
  await admin.page.locator('[name=geofence-fence_filter]').fill('nothing = 1')
  await admin.page.getByTestId('geofence-form').getByRole('button', { name: '保存' }).click()
  await admin.page.getByText('没有属性 nothing').waitFor()
  await admin.page.locator('[name=geofence-fence_filter]').fill("number = '围堰'")
  await admin.page.getByTestId('geofence-form').getByRole('button', { name: '保存' }).click()
  await admin.page.getByTestId('geofence').filter({ hasText: '围堰值守' }).waitFor()
  await until('the rule to begin', () => server.psql('SELECT begun FROM geofence_rule') === 't', 30_000)

  const desk = await Desk.open(browser, server, 'duty')
  await desk.queue()
  const name = server.psql('SELECT name FROM unit WHERE id = (SELECT min(id) FROM position)')
  const notice = desk.page.getByTestId('notice').filter({ hasText: `${name} 进入 围堰` })
  await until('the notice', async () => {
    // It was far away a moment ago: who cannot have driven there is believed by his next fix.
    server.psql('UPDATE position SET geom = ST_Point(119.605 + random() * 0.0001, 29.705, 4326), source_time = clock_timestamp() WHERE id = (SELECT min(id) FROM position)')
    return (await notice.count()) > 0
  }, 30_000)
  await notice.getByRole('button', { name: '查看位置' }).click()
  expect(server.psql('SELECT count(*) FROM geofence_event'), 'told once, however often it is seen').toBe('1')
  expect(desk.problems()).toEqual([])
  await desk.close()
  await admin.page.getByTestId('geofence').getByRole('button', { name: /修改/ }).click()
  await admin.page.locator('[name=geofence-name]').fill('围堰夜间值守')
  await admin.page.getByTestId('geofence-form').getByRole('button', { name: '保存' }).click()
  await admin.page.getByTestId('geofence').filter({ hasText: '围堰夜间值守' }).waitFor()
  await admin.page.getByTestId('geofence').getByRole('button', { name: /删除/ }).click()
  await admin.page.getByTestId('delete-geofence').getByRole('button', { name: '删除' }).click()
  await admin.page.getByText('没有围栏规则').waitFor()
  await admin.close()
}, 120_000)

test('a moment is marked, shown on the wall, and told on paper', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  const { page } = desk
  await desk.queue()
  const made = await page.evaluate(async () => (await fetch('/api/tokens', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: '大屏', access: 'kiosk', scene: '/?display=wall' }) })).json() as Promise<{ secret: string }>)
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, baseURL: server.url })
  const wall = await context.newPage()
  await wall.goto(`/kiosk#${made.secret}`)
  await wall.locator('[data-testid=lamp][data-state=live]').first().waitFor()

  server.psql("UPDATE history.layer SET thinned = now() + interval '1 hour' WHERE layer = 'position'") // as if a week had passed
  await page.locator('body').press('r')
  await page.getByTestId('replay-frame').waitFor()
  expect(await page.getByTestId('replay-coarse').innerText()).toBe('轨迹抽稀为每 30 秒 一点')
  await page.getByTestId('replay-walls').click()
  await wall.getByTestId('replay-frame').waitFor({ timeout: 30_000 })
  await page.getByTestId('replay-walls').and(page.locator('[aria-pressed=true]')).click()
  await wall.getByTestId('replay-frame').waitFor({ state: 'detached', timeout: 30_000 })
  await wall.locator('[data-testid=lamp][data-state=live]').first().waitFor({ timeout: 30_000 })
  await context.close()

  await page.getByTestId('bookmarks-open').click()
  await page.locator('[name=bookmark-title]').fill('堤坝破口')
  await page.keyboard.press('Enter')
  await page.getByTestId('bookmark').filter({ hasText: '堤坝破口' }).waitFor()
  await page.getByTestId('review-open').click()
  await page.getByTestId('review-case').first().waitFor()
  await page.locator('[data-testid=review-map][data-drawn]').waitFor({ timeout: 60_000 })
  await page.getByTestId('review').getByText('堤坝破口').waitFor()
  expect(await page.locator('.review-point').count()).toBe(await page.getByTestId('review-case').count())
  const paper = await page.pdf({ format: 'A4', printBackground: true })
  expect(paper.length).toBeGreaterThan(20_000)
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 180_000)

test('two screens of a wall show one picture, and one that loads again does not go black', async () => {
  const desk = await Desk.open(browser, server, 'duty', { sharp: true }, '/walls')
  const { page, context } = desk
  await page.getByTestId('wall-new').waitFor()
  const post = async <T>(path: string, data: unknown) => (await page.request.post(path, { data, headers: { Origin: server.url } })).json() as Promise<T>
  const scene = { name: '县城', center: [119.685, 29.797], zoom: 15.5, pitch: 40, bearing: -24, hidden: [], theme: 'dark', lang: 'zh', dwell_s: 600 }
  const screens = async (columns: number, width: number) => {
    const layout = { rows: 1, columns, width, height: 260, gap_x: 20, gap_y: 0, unit: 'px', pitch_mm: 1 }
    const { id } = await post<{ id: number }>('/api/walls', { name: `${columns}`, area_path: '', layout, playlist: [scene], rules: [] })
    return Promise.all(
      Array.from({ length: columns }, async (_, i) => {
        const screen = await context.newPage()
        await screen.setViewportSize({ width, height: 260 })
        await screen.goto(`/?display=wall&wall=${id}&screen=1,${i + 1}`)
        return screen
      }),
    )
  }
  const whole = (screen: Page) => screen.locator('[data-testid=map][data-whole="县城"]').waitFor({ timeout: 60_000 })
  const [large, left, right] = [...(await screens(1, 540)), ...(await screens(2, 260))] as [Page, Page, Page]
  const pictures = []
  for (const screen of [large, left, right]) {
    await whole(screen)
    pictures.push((await screen.screenshot()).toString('base64'))
  }
  const blank = await browser.newPage() // the console's own policy lets no such pictures in
  const differ = await blank.evaluate(async ([all, ...slices]) => {
    const pixels = async (png: string, x: number) => {
      const pen = new OffscreenCanvas(260, 260).getContext('2d')!
      pen.drawImage(await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob()), -x, 0)
      return pen.getImageData(0, 0, 260, 260).data
    }
    let n = 0
    for (const [i, slice] of slices.entries()) {
      const [a, b] = [await pixels(all!, i * 280), await pixels(slice, 0)]
      for (let k = 0; k < a.length; k += 4) if (Math.max(...[0, 1, 2].map((c) => Math.abs(a[k + c]! - b[k + c]!))) > 16) n++
    }
    return n / (2 * 260 * 260)
  }, pictures)
  await blank.close()
  expect(differ).toBeLessThan(0.001)

  await right.reload({ waitUntil: 'commit' })
  await right.locator('#wall-kept').waitFor({ timeout: 20_000 })
  await right.getByText(/正在重新载入/).waitFor({ timeout: 20_000 })
  await right.locator('#wall-kept').waitFor({ state: 'detached', timeout: 60_000 })
  await whole(right)
  await desk.close()
}, 240_000)
