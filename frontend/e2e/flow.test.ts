/** What is asked and decided in a case: more time, a supervision, a plan that fires and is ticked, a hop up and down again. */
import { beforeAll, expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

let incident: number
let unit: number
const phoneLook = { width: 390, height: 844, mobile: true }
beforeAll(() => {
  unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  server.relieve(unit)
})

const post = (desk: Desk, path: string, body: unknown) =>
  desk.page.evaluate(
    async ([to, what]) => {
      const answer = await fetch(to, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what) })
      if (!answer.ok) throw new Error(await answer.text())
      return (await answer.json()) as { id: number; revision: number; due_at?: string }
    },
    [path, body] as const,
  )

/** Says why, in the dialog that is open, and confirms. */
async function say(desk: Desk, text: string, amount?: string): Promise<void> {
  const dialog = desk.page.getByTestId('flow-dialog')
  await dialog.waitFor()
  if (amount) await dialog.locator('input[name="amount"]').fill(amount)
  await dialog.locator('textarea').fill(text)
  await dialog.getByTestId('flow-confirm').click()
  await dialog.waitFor({ state: 'detached' })
}

test('a plan fires with the case, and its steps are ticked', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  await desk.live()
  const made = await post(desk, '/api/incidents', { title: '桥头路面塌陷', category: '06013', severity: 2, condition: 'danger', point: [119.6905, 29.8] })
  incident = made.id
  await desk.select('incident', incident)
  const detail = desk.page.getByTestId('incident-detail')
  const steps = detail.getByTestId('plan-step')
  await steps.first().waitFor({ timeout: 30_000 })
  expect(await steps.count()).toBe(4)
  expect(await detail.getByTestId('closing-condition').innerText()).toContain('路面修复')
  await steps.first().locator('input').fill('已电话')
  await steps.first().getByRole('checkbox').click()
  await until('the step is done', async () => (await steps.first().getByRole('checkbox').getAttribute('aria-checked')) === 'true')
  expect(await steps.first().innerText()).toMatch(/陈立.*已电话/s)
  server.psql(`update case_step set due_at = now() - interval '1 minute' where incident_id = ${incident} and done_at is null and due_at is not null; update incident set updated_at = now() where id = ${incident}`)
  await until('a step is overdue', async () => (await detail.locator('[data-testid=plan-step][data-over]').count()) > 0, 30_000)
  await desk.shot('flow-plan')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 180_000)

test('a unit asks for more time on its phone, and the shift leader grants less', async () => {
  const [desk, phone] = await Promise.all([Desk.open(browser, server, 'duty'), Desk.open(browser, server, 'unit7', phoneLook)])
  await desk.live()
  const revision = Number(server.psql(`select revision from incident where id = ${incident}`))
  await post(desk, `/api/incidents/${incident}/tasks`, { unit_id: unit, revision })
  await phone.page.getByTestId('field-acknowledge').click()
  await phone.page.getByTestId('ask-extension').click({ timeout: 30_000 })
  await say(phone, '等待管线单位交底', '8')
  await desk.select('incident', incident)
  const row = desk.page.getByTestId('incident-detail').getByTestId('request-extension')
  await row.waitFor({ timeout: 30_000 })
  expect(await row.innerText()).toContain('申请 8 工作小时')
  await desk.page.getByTestId(`row-incident-${incident}`).getByTestId('asks').waitFor({ timeout: 20_000 })
  const before = server.psql(`select due_at from incident where id = ${incident}`)
  await row.getByTestId('extension-grant').click()
  await say(desk, '可以', '4')
  await until('it is granted', async () => (await row.getAttribute('data-state')) === 'granted', 20_000)
  expect(server.psql(`select due_at > '${before}' from incident where id = ${incident}`)).toBe('t')
  await desk.page.locator('[data-testid=log-entry][data-move="extension.grant"]').waitFor({ timeout: 20_000 })
  await phone.page.getByText('批准 4 工作小时').waitFor({ timeout: 30_000 })
  await desk.shot('flow-extension')
  await phone.shot('flow-extension-phone')
  expect(desk.problems()).toEqual([])
  expect(phone.problems()).toEqual([])
  await Promise.all([desk.close(), phone.close()])
}, 180_000)

test('a supervisor urges and supervises, the unit answers, the supervisor closes', async () => {
  const [boss, phone] = await Promise.all([Desk.open(browser, server, 'supervise'), Desk.open(browser, server, 'unit7', phoneLook)])
  await boss.live()
  await boss.select('incident', incident)
  const detail = boss.page.getByTestId('incident-detail')
  await detail.getByTestId('urge').click({ timeout: 30_000 })
  await say(boss, '请加快')
  await phone.page.getByText('【催办】请加快').waitFor({ timeout: 30_000 })
  await detail.getByTestId('ask-supervision').click()
  await say(boss, '今日恢复通行', '6')
  const row = detail.getByTestId('request-supervision')
  await row.waitFor({ timeout: 20_000 })
  await phone.page.getByTestId('supervision-answer').click({ timeout: 30_000 })
  await say(phone, '17 时前恢复')
  await row.getByText('17 时前恢复').waitFor({ timeout: 30_000 })
  await boss.shot('flow-supervision')
  await row.getByTestId('supervision-close').click()
  await say(boss, '同意')
  await until('it is closed', async () => (await row.getAttribute('data-state')) === 'closed', 20_000)
  expect(server.psql(`select urges || ' ' || supervised from incident where id = ${incident}`)).toBe('1 0')
  expect(boss.problems()).toEqual([])
  await Promise.all([boss.close(), phone.close()])
}, 180_000)

test('a town hands a case up, the county takes it and hands it down again', async () => {
  const town = await Desk.open(browser, server, 'duty.tongjun')
  await town.live()
  const mine = Number(server.psql("select id from incident where state = 'filed' and area_path like '330122.330122003.%' order by id limit 1"))
  server.psql(`update incident set holder_path = '330122.330122003' where id = ${mine}`)
  await town.select('incident', mine)
  const detail = town.page.getByTestId('incident-detail')
  await detail.getByTestId('hop-up').click({ timeout: 30_000 })
  await say(town, '力量不足')
  await detail.getByTestId('holder').getByText('待接收').waitFor({ timeout: 20_000 })
  await until('the town may not act any more', async () => (await detail.getByTestId('moves').count()) === 0, 20_000)
  const county = await Desk.open(browser, server, 'duty')
  await county.live()
  await county.select('incident', mine)
  const theirs = county.page.getByTestId('incident-detail')
  await theirs.getByTestId('hop-take').click({ timeout: 30_000 })
  await theirs.getByTestId('hop-take').waitFor({ state: 'detached', timeout: 20_000 })
  await theirs.getByTestId('hop-down').click()
  await say(county, '属地处置')
  await detail.getByTestId('hop-take').click({ timeout: 30_000 })
  await until('the town holds it', () => server.psql(`select holder_path from incident where id = ${mine}`) === '330122.330122003')
  await town.shot('flow-hop')
  expect(server.psql(`select string_agg(move, ' ' order by id) from incident_log where incident_id = ${mine} and move like 'hop.%'`)).toBe('hop.up hop.take hop.down hop.take')
  expect(town.problems()).toEqual([])
  expect(county.problems()).toEqual([])
  await Promise.all([town.close(), county.close()])
}, 180_000)

test('a joint order is sent to two units, its lead concludes it, and appeals against how it was closed', async () => {
  server.psql(`update task set state = 'called_off', ended_at = now() where ended_at is null; update unit set status = 'available' where status <> 'off_duty'`)
  const [desk, phone] = await Promise.all([Desk.open(browser, server, 'duty'), Desk.open(browser, server, 'unit7', phoneLook)])
  await desk.live()
  const made = await post(desk, '/api/incidents', { title: '占道堆物清理', category: '09005', severity: 3, point: [119.6905, 29.8] })
  await desk.select('incident', made.id)
  await desk.page.getByTestId('joint').click({ timeout: 30_000 })
  const dialog = desk.page.getByTestId('joint-dialog')
  await dialog.getByLabel('巡查7组', { exact: true }).selectOption('lead')
  await dialog.getByTestId('joint-unit').filter({ hasNotText: '巡查7组' }).first().locator('select').selectOption('co')
  await dialog.getByTestId('joint-send').click()
  await dialog.waitFor({ state: 'detached' })
  await until('both are sent', () => server.psql(`select count(*) from task where incident_id = ${made.id}`) === '2')
  const card = phone.page.locator('[data-testid^=field-task-]').filter({ hasText: '占道堆物清理' })
  await card.getByTestId('field-due').waitFor({ timeout: 30_000 })
  for (const move of ['acknowledge', 'arrive', 'conclude']) await card.getByTestId(`field-${move}`).click({ timeout: 30_000 })
  const why = phone.page.getByTestId('say-why')
  await why.getByRole('textbox').fill('已清理完毕，协办未到场')
  await why.getByTestId('say-why-confirm').click()
  await until('the case is to be checked', () => server.psql(`select state from incident where id = ${made.id}`) === 'checking', 30_000)
  expect(server.psql(`select string_agg(part || ' ' || state, ', ' order by part) from task where incident_id = ${made.id}`)).toBe('co called_off, lead done')
  await until('the desk shows it', async () => (await desk.page.getByTestId('incident-detail').getByTestId('incident-state').getAttribute('data-state')) === 'checking', 20_000)
  await desk.shot('flow-joint')
  expect(desk.problems()).toEqual([])

  await post(desk, `/api/incidents/${made.id}/moves`, { move: 'pass', closing: 'error', reason: '堆物未清完', revision: Number(server.psql(`select revision from incident where id = ${made.id}`)) })
  await phone.page.reload() // else it asks within half a minute: the case has left the live copy
  await phone.page.locator('[data-testid^=ended-]').filter({ hasText: '占道堆物清理' }).getByTestId('ask-appeal').click({ timeout: 40_000 })
  await say(phone, '剩余堆物属协办范围')
  const leader = await Desk.open(browser, server, 'duty', {}, `/?sel=incident/${made.id}`) // what is closed has left the live copy
  const appeal = leader.page.getByTestId('incident-detail').getByTestId('request-appeal')
  await appeal.getByTestId('appeal-grant').click({ timeout: 30_000 })
  await say(leader, '情况属实')
  await until('the appeal is upheld', async () => (await appeal.getAttribute('data-state')) === 'granted', 20_000)
  await phone.page.reload()
  await phone.page.locator(`[data-testid=unit-flow-${made.id}] [data-testid=request-appeal][data-state=granted]`).waitFor({ timeout: 40_000 })
  await phone.shot('flow-appeal-phone')
  expect(phone.problems()).toEqual([])
  expect(leader.problems().filter((problem) => !/status of 404/.test(problem))).toEqual([]) // what has left the live copy is asked for, and is not there
  await leader.close()
  await Promise.all([desk.close(), phone.close()])
}, 180_000)
