/** The spine, as the people before the walls see it: what is committed is shown, whoever wrote it and whatever died meanwhile. */
import { describe, expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

const camera = () => Number(server.psql("select id from camera where status = 'online' order by id limit 1"))
const shownState = (desk: Desk) => desk.page.getByTestId('camera-state').getAttribute('data-state', { timeout: 2_000 }).catch(() => null) // not there yet

/** The middle of what panels leave free of the map, where the selected thing was flown to. */
async function clipOfMap(desk: Desk): Promise<Buffer> {
  const clip = await desk.page.evaluate(() => {
    const stage = document.querySelector<HTMLElement>('.stage')!
    const { left, top, width, height } = stage.getBoundingClientRect()
    const covered = parseFloat(getComputedStyle(stage).getPropertyValue('--inset-right')) || 0
    return { x: left + (width - covered) / 2 - 12, y: top + height / 2 - 12, width: 24, height: 24 }
  })
  return desk.page.screenshot({ clip })
}

/** Flies to the selected thing and waits until the map stands still there. */
async function pictureOfSelected(desk: Desk): Promise<Buffer> {
  await desk.drawn()
  await desk.page.getByTestId('fly-to').click()
  let last: Buffer = Buffer.alloc(0)
  let same = 0
  await until('the map stands still', async () => {
    await new Promise((r) => setTimeout(r, 400))
    const now = await clipOfMap(desk)
    same = now.equals(last) ? same + 1 : 0
    last = now
    return same >= 3
  }, 40_000)
  return last
}

describe('a change made with psql', () => {
  test('turns the camera on two open consoles', async () => {
    const id = camera()
    const desks = await Promise.all([Desk.open(browser, server, 'duty'), Desk.open(browser, server, 'viewer', { theme: 'light', lang: 'en' })])
    for (const desk of desks) {
      await desk.live()
      await desk.select('camera', id)
      await until('the camera is shown online', async () => (await shownState(desk)) === 'online')
      await desk.page.evaluate(() => { (window as unknown as { notReloaded: boolean }).notReloaded = true })
    }
    await desks[0]!.shot('camera-online')
    const before = await Promise.all(desks.map(pictureOfSelected))
    server.psql(`update camera set status = 'offline' where id = ${id}`)
    for (const desk of desks) {
      await until('the camera is shown offline', async () => (await shownState(desk)) === 'offline', 10_000)
      expect(await desk.page.evaluate(() => (window as unknown as { notReloaded?: boolean }).notReloaded)).toBe(true)
    }
    await desks[0]!.shot('camera-offline')
    for (const [i, desk] of desks.entries()) {
      await until('the dot on the map is drawn otherwise', async () => !(await clipOfMap(desk)).equals(before[i]!))
      expect(desk.problems()).toEqual([])
      await desk.close()
    }
  }, 120_000)
})

describe('what dies comes back', () => {
  test.each([
    ['PostgreSQL', async () => server.killPostgres()],
    ['the server', async () => { await server.kill(); await server.serve() }],
  ])('kill -9 of %s during changes: nothing lost, no reload', async (_name, kill) => {
    const desk = await Desk.open(browser, server, 'duty')
    await desk.live()
    const id = camera()
    await desk.select('camera', id)
    await until('the camera is shown online', async () => (await shownState(desk)) === 'online')
    await desk.page.evaluate(() => { (window as unknown as { notReloaded: boolean }).notReloaded = true })

    const writing = (async () => {
      // The database may be away for some of these; those that it took must be shown.
      let taken = 0
      for (let i = 0; i < 30; i++) {
        try {
          server.psql(`update camera set status = '${i % 2 ? 'online' : 'fault'}' where id in (select id from camera where id > ${id} order by id limit 40)`)
          taken++
        } catch { /* the database is away */ }
      }
      return taken
    })()
    await kill()
    expect(await writing).toBeGreaterThan(0)
    await until('the database takes writes again', () => {
      try { server.psql(`update camera set status = 'offline' where id = ${id}`); return true } catch { return false }
    }, 120_000)

    await until('the camera is shown offline', async () => (await shownState(desk)) === 'offline', 60_000)
    await desk.live()
    const truth = Number(server.psql("select count(*) from camera where status = 'online'"))
    await until('the numbers are those of the database', async () => {
      const text = await desk.page.getByTestId('kpi-cameras').innerText()
      return text.replace(/[,\s]/g, '').includes(String(truth))
    }, 30_000)
    expect(await desk.page.evaluate(() => (window as unknown as { notReloaded?: boolean }).notReloaded)).toBe(true)
    await desk.close()
  }, 180_000)

  test('a wall that slept for an hour, through a restart of the server, wakes up equal to the database', async () => {
    const desk = await Desk.open(browser, server, 'viewer')
    await desk.live()
    const id = camera()
    await desk.select('camera', id)
    await until('the camera is shown online', async () => (await shownState(desk)) === 'online')
    await desk.page.evaluate(() => { (window as unknown as { notReloaded: boolean }).notReloaded = true })
    const devtools = await desk.context.newCDPSession(desk.page)
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await server.kill()
    server.psql(`update camera set status = 'fault' where id = ${id}`)
    const gone = Number(server.psql('select min(id) from camera where id <> ' + id))
    server.psql(`delete from camera where id = ${gone}`)
    await server.serve()
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await desk.page.evaluate(() => { // an hour has passed on its clock
      const real = Date.now
      Date.now = () => real() + 3_600_000
    })
    await until('the camera is shown broken', async () => (await shownState(desk)) === 'fault', 30_000)
    await desk.live()
    const all = Number(server.psql('select count(*) from camera'))
    await until('what was deleted meanwhile is gone', async () => (await desk.page.getByTestId('kpi-cameras').innerText()).replace(/[,\s]/g, '').includes(String(all)))
    expect(await desk.page.evaluate(() => (window as unknown as { notReloaded?: boolean }).notReloaded)).toBe(true)
    await desk.close()
  }, 120_000)

  test('while the database is away the console says so, with the time', async () => {
    const desk = await Desk.open(browser, server, 'duty')
    await desk.live()
    server.pausePostgres()
    try {
      await desk.page.locator('[data-testid=lamp]:not([data-state=live])').first().waitFor({ timeout: 30_000 })
      const banner = await desk.page.getByTestId('lamp-banner').innerText()
      expect(banner).toMatch(/\d\d:\d\d/)
      expect(await desk.page.getByTestId('timebar').innerText(), 'nothing on the screen calls itself live').not.toContain('实时')
      await desk.shot('database-away')
    } finally {
      server.continuePostgres()
    }
    await desk.live()
    await until('the banner goes', async () => (await desk.page.getByTestId('lamp-banner').count()) === 0)
    await desk.close()
  }, 120_000)
})

describe('the past', () => {
  test('is opened by a key where the history begins, runs in its frame, and is left again', async () => {
    const desk = await Desk.open(browser, server, 'duty')
    await desk.queue()
    await desk.page.keyboard.press('r') // asks for ten minutes ago, which is before this county was made
    const at = () => desk.page.getByTestId('replay-at').getAttribute('datetime', { timeout: 2_000 }).catch(() => null) // not there yet
    await desk.page.getByTestId('replay-frame').waitFor({ timeout: 60_000 })
    const begins = Date.parse(server.psql('select to_json(max(begins)) from history.layer').replaceAll('"', ''))
    await until('it goes on', async () => Date.parse((await at()) ?? '') > begins + 1_000, 30_000)
    await desk.shot('replay')
    const moved = () => desk.page.waitForResponse((r) => r.request().method() === 'PUT' && r.url().includes('/api/replays/'))
    for (const back of [
      () => desk.page.getByTestId('density').click({ position: { x: 2, y: 8 } }), // hours before the history
      () => desk.page.getByTestId('replay-back').click(),
    ]) {
      const [answer] = await Promise.all([moved(), back()])
      expect(answer.status()).toBe(200)
      expect(Date.parse(((await answer.json()) as { at: string }).at) - begins, 'it is taken back to where the history begins').toBeLessThan(1_000)
    }
    await desk.page.getByTestId('replay-leave').click()
    await desk.queue()
    expect(await desk.page.getByTestId('replay-frame').count()).toBe(0)
    expect(desk.problems()).toEqual([])
    await desk.close()
  }, 120_000)
})
