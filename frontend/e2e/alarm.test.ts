/** A grave case sounds on every console of its areas until one of them acknowledges it. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

/** Counts every tone that a page starts. */
async function listen(desk: Desk): Promise<() => Promise<number>> {
  await desk.page.evaluate(() => {
    const counted = window as unknown as { tones: number }
    counted.tones = 0
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (...args) {
      counted.tones++
      return start.apply(this, args)
    }
  })
  return () => desk.page.evaluate(() => (window as unknown as { tones: number }).tones)
}

const grave = (title: string, town = '') =>
  Number(server.psql(`insert into incident (title, category, severity, state, geom, area_path) select '${title}', '09012', 1, 'filed', st_pointonsurface(geom), path from area where ${town ? `path = '${town}'` : "level = 'village'"} limit 1 returning id`).split('\n')[0])

test('two consoles sound until one acknowledges, and both say who did', async () => {
  const [duty, dispatch] = await Promise.all([Desk.open(browser, server, 'duty'), Desk.open(browser, server, 'dispatch')])
  const viewer = await Desk.open(browser, server, 'viewer')
  await Promise.all([duty.queue(), dispatch.queue(), viewer.queue()])
  const tones = await Promise.all([duty, dispatch, viewer].map(listen))
  expect(await duty.page.getByTestId('alarm').count()).toBe(0) // what was there before wakes nobody
  const id = grave('沿街商铺起火')
  for (const desk of [duty, dispatch]) await desk.page.locator('[data-testid=alarm][data-sound=sounding]').waitFor({ timeout: 20_000 })
  await until('both sound', async () => (await tones[0]!()) >= 4 && (await tones[1]!()) >= 4, 20_000)
  expect(await tones[2]!()).toBe(0)
  await duty.shot('alarm')

  await duty.page.keyboard.press('a')
  for (const desk of [duty, dispatch]) {
    await until('it is quiet', async () => (await desk.page.getByTestId('alarm').count()) === 0, 20_000)
    await desk.page.getByText(/陈立.*已确认告警：沿街商铺起火/).waitFor()
  }
  const quiet = await tones[1]!()
  expect(server.psql(`select alarm_by, alarm_at is not null from incident where id = ${id}`)).toBe('陈立|t')
  expect(server.psql(`select count(*) from audit_log where action = 'alarm.acknowledge' and subject = 'incident/${id}' and login = 'duty'`)).toBe('1')
  expect(await duty.page.getByTestId('incident-detail').count()).toBe(1)

  // Muted on one screen it stays visible there, and is kept over a reload; the other sounds.
  grave('河堤渗水')
  await dispatch.page.locator('[data-testid=alarm][data-sound=sounding]').waitFor({ timeout: 20_000 })
  await duty.page.getByTestId('alarm-mute').click()
  await duty.page.locator('[data-testid=alarm][data-sound=silent]').waitFor()
  await duty.page.getByText('本机已静音').waitFor()
  await until('the other goes on', async () => (await tones[1]!()) > quiet, 20_000)
  await duty.page.reload()
  await duty.live()
  await duty.page.getByText('本机已静音').waitFor({ timeout: 30_000 })
  await dispatch.page.getByTestId('alarm-acknowledge').click()
  await until('it is quiet everywhere', async () => (await duty.page.getByTestId('alarm').count()) === 0, 20_000)
  expect([...duty.problems(), ...dispatch.problems(), ...viewer.problems()]).toEqual([])
  await Promise.all([duty.close(), dispatch.close(), viewer.close()])
}, 180_000)

test('a browser that blocks the sound says so, and one press allows it', async () => {
  const desk = await Desk.open(browser, server, 'dispatch')
  await desk.queue()
  await desk.page.reload() // nobody has touched this page yet
  await desk.queue()
  const tones = await listen(desk)
  grave('电梯困人')
  const alarm = desk.page.getByTestId('alarm')
  await alarm.waitFor({ timeout: 20_000 })
  if ((await alarm.getAttribute('data-sound')) === 'blocked') {
    expect(await tones()).toBe(0)
    await desk.shot('alarm-blocked')
    await desk.page.getByTestId('alarm-enable').click()
  }
  await desk.page.locator('[data-testid=alarm][data-sound=sounding]').waitFor()
  await until('it sounds', async () => (await tones()) >= 2)
  await desk.page.keyboard.press('a')
  await until('it is quiet', async () => (await alarm.count()) === 0, 20_000)
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

test('a patrol of the video wall is held by an alarm near one of its cameras, and goes on when that is acknowledged', async () => {
  const [far, near] = server.psql("select id from camera where status = 'online' order by st_x(geom), id").split('\n').map(Number).flatMap((id, i, all) => (i === 0 || i === all.length - 1 ? [id] : [])) as [number, number]
  const desk = await Desk.open(browser, server, 'duty', { width: 1920, height: 1080 }, `/video?layout=1&cameras=${far},${near}`)
  await desk.page.getByTestId('patrol-name').locator('input').or(desk.page.locator('input[data-testid=patrol-name]')).first().fill('巡河')
  await desk.page.getByTestId('patrol-save').click()
  await desk.page.locator('.wall-patrol [data-testid^=patrol-]').first().click()
  await desk.page.getByTestId('wall-round').getByText('轮巡中：巡河').waitFor()
  const id = Number(server.psql(`insert into incident (title, category, severity, state, geom, area_path) select '桥下有人落水', '09012', 1, 'filed', geom, area_path from camera where id = ${near} returning id`).split('\n')[0])
  await desk.page.getByTestId('wall-round').getByText('轮巡暂停').waitFor({ timeout: 30_000 })
  await desk.page.getByTestId('tile-0').getByTestId(`tile-camera-${near}`).waitFor()
  await desk.shot('patrol-held')
  await desk.page.getByTestId('alarm-acknowledge').click()
  await desk.page.getByTestId('wall-round').getByText('轮巡中').waitFor({ timeout: 30_000 })
  expect(server.psql(`select alarm_at is not null from incident where id = ${id}`)).toBe('t')
  await desk.close()
}, 180_000)
