/** A phone in a pocket: its page is in the background, the server reaches no push service, and the unit hears of its task all the same. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

test('without a push service the open page notifies by its service worker', async () => {
  const unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  server.psql(`update task set state = 'called_off', ended_at = now() where ended_at is null; update unit set status = 'available' where id = ${unit}`)
  const incident = Number(server.psql("select id from incident where state = 'filed' order by severity, id limit 1"))
  const phone = await Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true })
  await phone.page.getByTestId('field').waitFor()
  await phone.context.grantPermissions(['notifications'], { origin: server.url })
  await phone.page.reload()
  const push = phone.page.getByTestId('push-switch')
  await push.waitFor()
  expect(await push.getAttribute('data-state')).toBe('off')
  await phone.page.getByTestId('push-press').click()
  await phone.page.locator('[data-testid=push-switch][data-state=open]').waitFor({ timeout: 30_000 })
  expect(await push.innerText()).toContain('服务器不连外网推送')
  await phone.shot('notify-phone')
  await phone.live()

  await phone.page.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden' }))
  const shown = () => phone.page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, body, tag }) => `${title}|${body}|${tag}`))
  const desk = await Desk.open(browser, server, 'dispatch')
  await desk.live()
  const status = await desk.page.evaluate(async ([id, unitId, revision]) => {
    const answer = await fetch(`/api/incidents/${id}/tasks`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ unit_id: unitId, revision }) })
    return answer.status
  }, [incident, unit, Number(server.psql(`select revision from incident where id = ${incident}`))] as const)
  expect(status).toBe(201)
  await until('the phone notifies', async () => (await shown()).length > 0, 20_000)
  const [title, number] = server.psql(`select title, number from incident where id = ${incident}`).split('|')
  expect((await shown())[0]).toMatch(new RegExp(`^(新任务|New task)\\|.*${title} · ${number}\\|task-${incident}$`))

  await phone.page.getByTestId('push-press').click()
  await phone.page.locator('[data-testid=push-switch][data-state=off]').waitFor()
  expect(phone.problems()).toEqual([])
  await Promise.all([desk.close(), phone.close()])
}, 180_000)
