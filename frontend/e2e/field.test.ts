/** A unit works where there is no network: what it does and photographs arrives once, in order, when there is one again. */
import { expect, test } from 'vitest'
import { Desk, browser, photo, server, stage, until, withoutLine } from './harness'

stage()

/** A case with unit7 sent to it. */
async function sent(desk: Desk): Promise<{ incident: number; task: number }> {
  const unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  server.relieve(unit)
  return desk.page.evaluate(async (unitId) => {
    const post = async (path: string, body: unknown) => {
      const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(await answer.text())
      return (await answer.json()) as { id: number; revision: number }
    }
    const made = await post('/api/incidents', { title: '山里的塌方', category: '09012', severity: 1, point: [119.69, 29.8] })
    const task = await post(`/api/incidents/${made.id}/tasks`, { unit_id: unitId, revision: made.revision })
    return { incident: made.id, task: task.id }
  }, unit)
}

test('what is done without network arrives once and in order, and the officer sees the photo', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  await desk.live()
  const { incident, task } = await sent(desk)
  const picture = await photo(desk.page)

  const phone = await Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true }, '/field')
  await phone.page.getByTestId(`field-task-${task}`).waitFor()
  await phone.page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }))
  })

  // The line is gone; the page is opened anew.
  await phone.context.setOffline(true)
  await phone.page.reload()
  const card = phone.page.getByTestId(`field-task-${task}`)
  await card.waitFor({ timeout: 30_000 })
  await phone.page.getByTestId('field-cut').waitFor({ timeout: 30_000 })
  await phone.shot('field-offline')
  const state = async () => card.getAttribute('data-state', { timeout: 1_000 }).catch(() => null)
  await phone.page.getByTestId('field-acknowledge').click()
  await until('the step shows', async () => (await state()) === 'acknowledged')
  await phone.page.getByTestId(`photo-input-${task}`).setInputFiles({ name: 'IMG_0001.heic', mimeType: 'image/jpeg', buffer: picture }) // names say nothing
  await phone.page.getByTestId('role-after').click()
  await phone.shot('field-photo')
  await phone.page.getByTestId('photo-keep').click()
  await phone.page.getByTestId('photo-dialog').waitFor({ state: 'detached' })
  await phone.page.getByTestId('field-arrive').click()
  await until('the unit is there', async () => (await state()) === 'on_scene')
  await phone.page.getByTestId('field-done').click()
  await phone.page.getByRole('textbox').fill('落石已清，道路恢复')
  await phone.page.getByTestId('say-why-confirm').click()
  await phone.page.getByTestId(`ended-${task}`).waitFor()
  await phone.shot('field-unsent')
  expect(server.psql(`select state from task where id = ${task}`)).toBe('dispatched')

  // The page is closed, opened again without a line, and then there is one.
  await phone.page.close()
  const again = await phone.context.newPage()
  await again.goto(`${server.url}/field`)
  await again.getByTestId('field-unsent').waitFor({ timeout: 30_000 })
  expect(await again.getByTestId('outbox-item').count()).toBe(4)
  await phone.context.setOffline(false)
  await until('everything has arrived', () => server.psql(`select state from task where id = ${task}`) === 'done', 60_000)

  expect(server.psql(`select string_agg(move, ',' order by id) from task_log where task_id = ${task}`)).toBe('dispatch,acknowledge,arrive,done')
  expect(server.psql(`select count(*) from attachment where incident_id = ${incident} and task_id = ${task} and role = 'after' and done_at is not null and size = ${picture.length}`)).toBe('1')
  expect(server.psql(`select string_agg(action, ',' order by id) from audit_log where login = 'unit7' and action ~ '^(task|attachment)'`)).toBe('task.move,attachment.begin,attachment.finish,task.move,task.move')
  expect(server.psql(`select bool_and(source_time < receive_time) from task_log where task_id = ${task} and move <> 'dispatch'`)).toBe('t')
  await again.getByTestId('field-unsent').waitFor({ state: 'detached' })

  await desk.select('incident', incident)
  const id = Number(server.psql(`select id from attachment where incident_id = ${incident}`))
  const thumb = desk.page.getByTestId(`attachment-${id}`)
  await thumb.waitFor({ timeout: 20_000 })
  await until('the small picture is drawn', () => thumb.locator('img').evaluate((img) => (img as HTMLImageElement).naturalWidth === 320))
  await thumb.click()
  const large = desk.page.getByTestId('attachment-large')
  await until('the picture is drawn', () => large.locator('img').evaluate((img) => (img as HTMLImageElement).naturalWidth === 1600))
  await desk.shot('field-evidence')
  const told = await desk.page.evaluate(async (n) => [await (await fetch(`/api/attachments/${n}`)).text(), await (await fetch(`/api/attachments/${n}?original=true`)).text()].map((text) => text.includes('GPS')), id)
  expect(told).toEqual([false, true])
  expect(withoutLine(desk)).toEqual([])
  expect(withoutLine(phone)).toEqual([])
  await desk.close()
  await phone.close()
}, 240_000)

test('a task that was called off meanwhile: the phone says so until somebody has read it; logging out leaves nothing', async () => {
  const desk = await Desk.open(browser, server, 'duty')
  await desk.live()
  const { task } = await sent(desk)
  const phone = await Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true, lang: 'en' }, '/field')
  const card = phone.page.getByTestId(`field-task-${task}`)
  await card.waitFor()
  await phone.context.setOffline(true)
  await phone.page.getByTestId('field-acknowledge').click()
  await until('the step shows', async () => (await card.getAttribute('data-state')) === 'acknowledged')
  await desk.page.evaluate(async (id) => {
    await fetch(`/api/tasks/${id}/moves`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ move: 'call_off', reason: '已由他队处理', revision: 1 }) })
  }, task)
  await phone.context.setOffline(false)
  const refused = phone.page.getByTestId('outbox-refused')
  await refused.waitFor({ timeout: 60_000 })
  await phone.shot('field-conflict')
  await phone.page.reload()
  await refused.waitFor({ timeout: 30_000 })
  await phone.page.getByTestId('outbox-dismiss').click()
  await refused.waitFor({ state: 'detached' })
  expect(server.psql(`select state from task where id = ${task}`)).toBe('called_off')

  // The unit's place is on the map from one press to the next.
  const unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  const place = () => server.psql(`select coalesce((select round(ST_X(geom)::numeric, 3)::text from position where id = ${unit}), 'none')`)
  await phone.context.grantPermissions(['geolocation'])
  await phone.context.setGeolocation({ longitude: 119.777, latitude: 29.811, accuracy: 5 })
  expect(place()).not.toBe('119.777')
  await phone.page.getByTestId('share-start').click()
  await until('the place is shared', () => place() === '119.777', 30_000)
  await phone.page.locator('[data-testid=sharing][data-state=on]').waitFor()
  await phone.shot('field-sharing')
  await phone.page.getByTestId('share-stop').click()
  await until('the place is off the map', () => place() === 'none', 30_000)

  await phone.page.getByTestId('logout').click()
  await phone.page.locator('input[type="password"]').waitFor()
  const left = await phone.page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((done) => {
      const asked = indexedDB.open('wanglou-field')
      asked.onsuccess = () => done(asked.result)
    })
    const counts = await Promise.all(['items', 'bytes', 'kept'].map((name) => new Promise<number>((done) => {
      const asked = db.transaction(name).objectStore(name).count()
      asked.onsuccess = () => done(asked.result)
    })))
    return [...counts, (await caches.keys()).filter((name) => name === 'field-map').length]
  })
  expect(left).toEqual([0, 0, 0, 0])
  expect(withoutLine(phone)).toEqual([])
  await desk.close()
  await phone.close()
}, 180_000)
