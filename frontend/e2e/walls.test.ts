/** What a screen of a wall does by itself: it takes a new release at a quiet moment, and loads again when it hangs; it is never black meanwhile. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

const size = { width: 480, height: 270 }
const scene = { name: 'county', center: [119.65, 29.82], zoom: 10.2, pitch: 0, bearing: 0, elevation: 0, theme: 'dark', lang: 'zh', hidden: [], dwell_s: 60 }

/** A wall of one screen that shows one scene, drawn whole once. What the page has on it from its first moment is noted in it. */
async function screen(name: string, told?: (frame: string) => string): Promise<{ desk: Desk; page: Page; whole: () => Promise<void>; keptFirst: () => Promise<boolean> }> {
  const desk = await Desk.open(browser, server, 'duty', {}, '/walls')
  await desk.page.locator('.walls, [data-testid=walls]').first().waitFor()
  const call = async (path: string, data: object) => {
    const answer = await desk.page.request.post(server.url + path, { data, headers: { Origin: server.url } })
    expect(answer.ok(), await answer.text()).toBe(true)
    return (await answer.json()) as { id: number }
  }
  const { id } = await call('/api/walls', { name, area_path: '330122', layout: { rows: 1, columns: 1, ...size, gap_x: 0, gap_y: 0, unit: 'px', pitch_mm: 1 }, playlist: [], rules: [] })
  await call(`/api/walls/${id}/commands`, { command: 'show', scene })
  const page = await desk.context.newPage()
  await page.setViewportSize(size)
  await page.clock.install() // it goes on by itself; what waits half a minute is sent there
  if (told) {
    await page.routeWebSocket(/\/api\/walls\/\d+\/live/, (line) => {
      const on = line.connectToServer()
      on.onMessage((frame) => line.send(typeof frame === 'string' ? told(frame) : frame))
    })
  }
  await page.addInitScript(() => {
    new MutationObserver((_, me) => {
      if (!document.querySelector('[data-testid=wall-screen]')) return
      ;(window as unknown as { keptFirst: boolean }).keptFirst = document.getElementById('wall-kept') !== null
      me.disconnect()
    }).observe(document, { childList: true, subtree: true })
  })
  await page.goto(`${server.url}/?display=wall&wall=${id}&screen=1,1`)
  const whole = () => page.locator('[data-testid=map][data-whole=county]').waitFor({ timeout: 120_000 })
  await whole()
  await until('a picture is kept', () => page.evaluate(() => Object.keys(sessionStorage).some((key) => key.startsWith('wanglou.wall.kept'))), 60_000)
  return { desk, page, whole, keptFirst: () => page.evaluate(() => (window as unknown as { keptFirst: boolean }).keptFirst) }
}

const loads = (page: Page) => {
  let n = 0
  page.on('load', () => n++)
  return () => n
}

test('a new release waits while a grave case is open, and is taken then, behind the last picture', async () => {
  let released = false
  server.psql("UPDATE incident SET severity = 1 WHERE id = (SELECT min(id) FROM incident WHERE closed_at IS NULL)")
  const { desk, page, whole, keptFirst } = await screen('release', (frame) => (released ? frame.replace(/"version":"[^"]*"/, '"version":"the-next-one"') : frame))
  const loaded = loads(page)
  released = true
  await page.evaluate(() => ((window as unknown as { before: boolean }).before = true))
  await desk.page.request.post(`${server.url}/api/walls/${new URL(page.url()).searchParams.get('wall')}/commands`, { data: { command: 'hold' }, headers: { Origin: server.url } }) // all screens are told the state, and the version in it
  await page.clock.fastForward(25_000) // a whole turn of the screen
  await page.clock.runFor(1_100) // and its next look at what there is to do
  expect(loaded(), 'nothing is loaded while something grave happens').toBe(0)
  server.psql('UPDATE incident SET severity = 2 WHERE severity = 1 AND closed_at IS NULL')
  await until('the screen has loaded the release', () => loaded() > 0, 90_000)
  released = false
  await whole()
  expect(await keptFirst()).toBe(true)
  await desk.close()
}, 360_000)

test('a screen whose graphics card does not come back shows the last picture, and loads again', async () => {
  const { desk, page, whole, keptFirst } = await screen('hang')
  const loaded = loads(page)
  await page.evaluate(() => document.querySelector<HTMLCanvasElement>('canvas.maplibregl-canvas')!.getContext('webgl2')!.getExtension('WEBGL_lose_context')!.loseContext())
  await page.locator('#wall-kept').waitFor({ timeout: 10_000 })
  await page.clock.fastForward(65_000)
  await until('the page has been loaded again', () => loaded() > 0, 150_000)
  await whole()
  expect(await keptFirst()).toBe(true)
  expect(await page.locator('#wall-kept').count()).toBe(0)
  await desk.close()
}, 360_000)
