/** A shift: nobody acknowledges, the desk and a phone talk, and what is open is handed over. */
import { beforeAll, expect, test } from 'vitest'
import { DEMO_PASSWORD, Desk, browser, server, stage, until } from './harness'

stage()

let incident: number
let task: number
let unit: number
beforeAll(() => {
  unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  server.psql(`update task set state = 'called_off', ended_at = now() where ended_at is null; update unit set status = 'available' where id = ${unit}`)
  incident = Number(server.psql("select id from incident where state = 'filed' order by severity, id limit 1"))
})

test('a task without acknowledgement is told until the unit acknowledges', async () => {
  const desk = await Desk.open(browser, server, 'dispatch')
  await desk.queue()
  server.psql('update acknowledge_limit set dispatcher_s = 10, leader_s = 10')
  const answer = await desk.page.evaluate(async ([id, unitId, revision]) => {
    const r = await fetch(`/api/incidents/${id}/tasks`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ unit_id: unitId, revision }) })
    return { status: r.status, id: ((await r.json()) as { id: number }).id }
  }, [incident, unit, Number(server.psql(`select revision from incident where id = ${incident}`))] as const)
  expect(answer.status).toBe(201)
  task = answer.id
  server.psql(`update task set dispatched_at = now() - interval '3 minutes 10 seconds' where id = ${task}`)
  const banner = desk.page.getByTestId('unanswered-banner')
  await banner.waitFor({ timeout: 30_000 })
  expect(await banner.innerText()).toMatch(/巡查7组 无人签收 [34] 分钟/)
  await banner.getByTestId(`act-${task}`).click()
  const mark = desk.page.getByTestId('incident-detail').getByTestId('unanswered')
  await mark.waitFor()
  expect(await mark.getAttribute('data-level')).toBe('2')
  expect(await desk.page.getByTestId(`row-incident-${incident}`).getByTestId('unanswered').count()).toBe(1)
  await desk.shot('duty-unanswered')
  expect(server.psql(`select string_agg(level::text, ',' order by level) from task_escalation where task_id = ${task}`)).toBe('1,2')

  const phone = await Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true })
  await phone.page.getByTestId('field-acknowledge').click()
  await until('nobody is told any more', async () => (await banner.count()) === 0 && (await mark.count()) === 0, 20_000)
  expect(phone.problems()).toEqual([])
  expect(desk.problems()).toEqual([])
  await Promise.all([desk.close(), phone.close()])
}, 180_000)

test('a message goes from the desk to the phone of the unit, and back', async () => {
  const [desk, phone] = await Promise.all([Desk.open(browser, server, 'duty'), Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true })])
  await desk.live()
  await desk.select('incident', incident)
  const talk = desk.page.getByTestId('talk')
  await talk.getByRole('textbox').fill('请走南门')
  await talk.getByTestId('promise-in').selectOption('60')
  await desk.page.getByTestId('talk').getByRole('textbox').focus()
  await desk.page.keyboard.press('Control+Enter')
  const card = phone.page.getByTestId(`field-talk-${incident}`)
  await card.getByText('请走南门').waitFor({ timeout: 20_000 })
  await card.getByRole('textbox').fill('收到，五分钟后到')
  await card.getByTestId('send-message').click()
  await talk.getByText('收到，五分钟后到').waitFor({ timeout: 20_000 })
  expect(await talk.getByTestId('promise').count()).toBe(1)
  await desk.shot('duty-messages')
  await phone.shot('duty-messages-phone')

  // Without a network the message stays, and is sent once.
  await phone.context.setOffline(true)
  await card.getByRole('textbox').fill('已到现场')
  await card.getByTestId('send-message').click()
  await card.getByTestId('retry').waitFor()
  await phone.context.setOffline(false)
  await card.getByTestId('retry').click()
  await talk.getByText('已到现场').waitFor({ timeout: 20_000 })
  expect(server.psql(`select count(*) from incident_message where incident_id = ${incident}`)).toBe('3')
  expect(desk.problems()).toEqual([])
  await Promise.all([desk.close(), phone.close()])
}, 180_000)

test('a handover is signed by a second person', async () => {
  const desk = await Desk.open(browser, server, 'duty', {}, '/handover')
  await desk.page.getByTestId('new-handover').click()
  await desk.page.getByText('请走南门').waitFor() // the promise that is open
  await desk.page.getByRole('textbox').fill('留意河道水位')
  await desk.page.getByTestId('make-handover').click()
  const sign = async (login: string, password: string) => {
    const form = desk.page.getByTestId('sign-form')
    if ((await form.count()) === 0) await desk.page.getByTestId('sign-handover').click()
    await form.locator('input[name="signer"]').fill(login)
    await form.locator('input[name="signature"]').fill(password)
    await form.getByTestId('sign-confirm').click()
  }
  await sign('duty', DEMO_PASSWORD)
  await desk.page.getByText('不能自己接自己的班').waitFor()
  await sign('dispatch', 'wrong-password')
  await desk.page.getByText('用户名或密码不对').waitFor()
  await sign('dispatch', DEMO_PASSWORD)
  await until('the record names who took over', async () => (await desk.page.getByTestId('taken-by').innerText()).includes('王芳'), 20_000)
  expect(await desk.page.getByTestId('handover').innerText()).toContain('留意河道水位')
  expect(server.psql('select taken_name is not null and hash = encode(sha256(convert_to(content, \'UTF8\')), \'hex\') from handover')).toBe('t')
  await desk.shot('duty-handover')
  expect(desk.problems().filter((each) => !/status of 400/.test(each))).toEqual([])
  await desk.close()
}, 120_000)
