/** The main job: somebody is told of something, sends a unit, and everybody sees every step. Three screens, two people. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

test('an incident is made on the map, a unit is sent, works on a phone, and the case is closed', async () => {
  const unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  // The unit is free and stands next to the place that the officer will point at.
  server.relieve(unit)
  server.hear()

  const [desk, wall, phone] = await Promise.all([
    Desk.open(browser, server, 'duty'),
    Desk.open(browser, server, 'viewer', {}, '/?display=wall'), // how 3840 pixels look is seen in look.test.ts: here they would be drawn beside the phone's
    Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true }),
  ])
  await Promise.all([desk.live(), wall.live()])
  await phone.page.getByTestId('field').waitFor()

  // Makes the case: n, a point of the map, three fields.
  await desk.page.keyboard.press('n')
  await desk.page.getByTestId('pick-hint').waitFor()
  const map = (await desk.page.getByTestId('map').boundingBox())!
  await desk.page.mouse.click(map.x + map.width * 0.42, map.y + map.height * 0.5)
  const form = desk.page.getByTestId('create-incident')
  await form.waitFor()
  await form.getByRole('textbox').first().fill('老街口消防通道被占')
  const category = form.getByTestId('category').getByRole('combobox')
  await category.fill('占用消防')
  await desk.page.getByRole('option').first().click()
  await desk.page.keyboard.press('Alt+1')
  await desk.shot('create-incident')
  await desk.page.keyboard.press('Control+Enter')

  const state = (d: Desk) => d.page.getByTestId('incident-state').getAttribute('data-state', { timeout: 2_000 }).catch(() => null) // not there yet
  await until('the case is filed', async () => (await state(desk)) === 'filed')
  const id = Number(server.psql("select max(id) from incident where title = '老街口消防通道被占'"))
  await wall.select('incident', id)
  await until('the wall shows it', async () => (await state(wall)) === 'filed', 10_000)

  // Sends the unit: one press beside its reasons.
  server.hear(`id = ${unit}`, id)
  await desk.page.keyboard.press('Escape') // what was recommended a moment ago is asked again
  await desk.select('incident', id)
  const send = desk.page.getByTestId(`dispatch-${unit}`)
  await send.waitFor()
  await desk.shot('dispatch-list')
  await send.click()
  await until('the wall shows it dispatched', async () => (await state(wall)) === 'dispatched', 10_000)

  // The unit works on its phone; each step is on the wall without a reload.
  const task = Number(server.psql(`select max(id) from task where incident_id = ${id}`))
  const card = phone.page.getByTestId(`field-task-${task}`)
  await card.waitFor({ timeout: 10_000 })
  await phone.shot('field-new-task')
  for (const [move, taskState, incidentState] of [
    ['acknowledge', 'acknowledged', 'handling'], ['respond', 'responding', 'handling'], ['arrive', 'on_scene', 'handling'],
  ] as const) {
    await phone.page.getByTestId(`field-${move}`).click()
    await until(`the wall shows the task ${taskState}`, async () => (await wall.page.getByTestId(`task-${task}`).getAttribute('data-state')) === taskState, 10_000)
    await until(`the wall shows the case ${incidentState}`, async () => (await state(wall)) === incidentState, 10_000)
  }
  await wall.shot('wall-on-scene')
  await phone.page.getByTestId('field-done').click()
  await phone.page.getByPlaceholder('做了什么、结果如何').fill('车辆已驶离，通道恢复')
  await phone.page.getByTestId('say-why-confirm').click()
  await until('the wall shows the case waiting for its check', async () => (await state(wall)) === 'checking', 10_000)

  // The officer checks and closes.
  await desk.page.getByTestId('move-pass').click()
  await until('the case is closed', async () => server.psql(`select state from incident where id = ${id}`) === 'closed')
  await until('the wall shows it closed', async () => (await state(wall)) === 'closed', 10_000)
  await desk.shot('case-closed')

  const moves = await wall.page.getByTestId('log-entry').evaluateAll((rows) => rows.map((r) => (r as HTMLElement).dataset.move))
  for (const move of ['create', 'dispatch', 'start', 'feed_back', 'pass']) expect(moves).toContain(move)
  expect(server.psql(`select string_agg(distinct action, ',') from audit_log where subject like '%/${id}' or subject like '%/${task}'`)).toContain('task.dispatch')
  for (const d of [desk, wall, phone]) {
    expect(d.problems()).toEqual([])
    await d.close()
  }
}, 180_000)

test('two presses lie between seeing a case and having sent someone', async () => {
  const id = Number(server.psql("select id from incident where state = 'filed' order by id desc limit 1"))
  server.hear()
  server.hear("id = (select min(id) from unit where status = 'available' and kind = 'team')", id)
  const desk = await Desk.open(browser, server, 'duty')
  await desk.live()
  const row = desk.page.getByTestId(`row-incident-${id}`)
  await row.scrollIntoViewIfNeeded()
  await row.click()
  await desk.page.locator('[data-dispatch]').first().click()
  await until('somebody is on the way', () => server.psql(`select count(*) from task where incident_id = ${id} and ended_at is null`) === '1')
  expect(server.psql(`select state from incident where id = ${id}`)).toBe('dispatched')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)

test('two officers send at once: the second is told who was first, and nothing is overwritten', async () => {
  const id = Number(server.psql("select id from incident where state = 'filed' order by id limit 1"))
  const units = server.psql("select string_agg(id::text, ',') from (select id from unit where status = 'available' order by id limit 2) u").split(',').map(Number)
  const [first, second] = await Promise.all([Desk.open(browser, server, 'duty'), Desk.open(browser, server, 'dispatch')])
  for (const d of [first, second]) {
    await d.live()
    await d.select('incident', id)
  }
  const revision = Number(server.psql(`select revision from incident where id = ${id}`))
  const answers = await Promise.all([first, second].map((d, i) =>
    d.page.evaluate(async ([incident, unit, seen]) => {
      const r = await fetch(`/api/incidents/${incident}/tasks`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ unit_id: unit, revision: seen }),
      })
      return { status: r.status, body: (await r.json()) as { code?: string; params?: Record<string, string> } }
    }, [id, units[i]!, revision] as const)))
  expect(answers.map((a) => a.status).sort()).toEqual([201, 409])
  const refused = answers.find((a) => a.status === 409)!
  expect(refused.body.code).toBe('conflict')
  expect(server.psql(`select count(*) from task where incident_id = ${id} and ended_at is null`)).toBe('1')
  for (const d of [first, second]) await d.close()
}, 120_000)

test('a place outside the county is refused at its field', async () => {
  const desk = await Desk.open(browser, server, 'duty', { lang: 'en' })
  await desk.live()
  const answer = await desk.page.evaluate(async () => {
    const r = await fetch('/api/incidents', {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ title: 'x', category: '09012', severity: 1, point: [29.8, 119.6] }),
    })
    return { status: r.status, body: (await r.json()) as { field?: string; reason?: string } }
  })
  expect(answer).toMatchObject({ status: 400, body: { field: 'point', reason: 'swapped_coordinates' } })
  await desk.close()
}, 120_000)
