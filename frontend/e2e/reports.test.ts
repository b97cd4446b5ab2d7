/** From calls to one case and back to the callers: a hotline, a citizen's telephone, merging, and what they are told in the end. */
import { expect, test } from 'vitest'
import { Desk, browser, photo, server, stage, until, withoutLine } from './harness'

stage()

/** Opens the form of a new case a little left of the middle of the map, with what a caller says in it. */
async function call(desk: Desk, title: string, phone: string, name: string) {
  await desk.page.keyboard.press('n')
  await desk.page.getByTestId('pick-hint').waitFor()
  const map = (await desk.page.getByTestId('map').boundingBox())!
  await desk.page.mouse.click(map.x + map.width * 0.42, map.y + map.height * 0.5)
  const form = desk.page.getByTestId('create-incident')
  await form.locator('[name=title]').fill(title)
  await form.locator('[name=phone]').fill(phone)
  await form.locator('[name=caller]').fill(name)
  return form
}

test('two calls and a citizen tell of one thing; a unit ends it where there is no network; all three hear how', async () => {
  const desk = await Desk.open(browser, server, 'duty', { width: 1600, height: 1000 })
  await desk.live()

  // The first call opens a case, filed at once.
  let form = await call(desk, '滨江路护栏倒塌', '138 0000 0001', '王女士')
  await form.getByTestId('category').getByRole('combobox').fill('占用消防')
  await desk.page.getByRole('option').first().click()
  await desk.page.keyboard.press('Control+Enter')
  const detail = desk.page.getByTestId('incident-detail')
  await detail.getByTestId('report').filter({ hasText: '王女士' }).waitFor()
  const first = Number(server.psql("SELECT max(incident_id) FROM report WHERE reporter_phone = '13800000001'"))

  // The second caller tells of the same: the form says so, and one press adds the call to the case.
  form = await call(desk, '滨江路护栏倒了', '13800000002', '李先生')
  await form.getByTestId(`similar-${first}`).getByRole('button', { name: '归入此案' }).click()
  await detail.getByTestId('report').filter({ hasText: '李先生' }).waitFor()
  expect(server.psql(`SELECT count(*) FROM report WHERE incident_id = ${first}`)).toBe('2')

  // A citizen tells of it too, with an address alone.
  const phone = await browser.newPage({ baseURL: server.url, viewport: { width: 390, height: 844 } })
  await phone.goto('/citizen')
  await phone.locator('[name=title]').fill('护栏倒塌')
  await phone.getByRole('button', { name: '提交' }).click()
  await phone.getByText('必填').waitFor() // a place is needed
  await phone.locator('[name=address]').fill('滨江路 12 号')
  await phone.getByTestId('citizen-picture').setInputFiles({ name: 'IMG_1.HEIC', mimeType: 'image/heic', buffer: Buffer.from('x') })
  await phone.getByText('只收 JPEG').waitFor() // said before anything is sent
  await phone.getByRole('button', { name: '移除照片 1' }).click()
  await phone.getByTestId('citizen-picture').setInputFiles({ name: 'IMG_2.jpg', mimeType: 'image/jpeg', buffer: await photo(phone) })
  await phone.getByRole('button', { name: '提交' }).click()
  await phone.getByText('1 张照片已收到').waitFor()
  const code = (await phone.getByTestId('tracking').textContent())!
  await phone.locator('[name=tracking]').fill(code)
  await phone.getByRole('button', { name: '查询' }).click()
  await phone.getByTestId('tracked').getByText('已收到，等待分拨').waitFor()

  // The desk finds the place, sees that it is the same thing, and merges it.
  await desk.page.keyboard.press('Escape')
  await desk.page.keyboard.press('b')
  const inbox = desk.page.getByTestId('inbox')
  await inbox.getByRole('tab', { name: '待分拨' }).click()
  await inbox.getByTestId('waiting').filter({ hasText: '滨江路 12 号' }).getByRole('button', { name: '另立一案' }).click()
  await inbox.waitFor({ state: 'detached' })
  const map = (await desk.page.getByTestId('map').boundingBox())!
  await desk.page.mouse.click(map.x + map.width * 0.42, map.y + map.height * 0.5)
  await detail.getByTestId(`similar-${first}`).getByRole('button', { name: /并案/ }).click()
  await desk.page.getByTestId('merge-dialog').getByTestId('merge-do').click()
  await until('all three are one case', () => server.psql(`SELECT count(*) FROM report WHERE incident_id = ${first}`) === '3')
  await detail.getByTestId('report').filter({ hasText: '市民上报' }).waitFor()
  const merged = Number(server.psql(`SELECT id FROM incident WHERE merged_into = ${first}`))

  // A merge is undone exactly, and made again.
  await desk.select('incident', merged)
  await detail.getByTestId('merged').getByRole('button', { name: '撤销并案' }).click()
  await desk.page.getByTestId('reason-dialog').getByRole('textbox').fill('看错了')
  await desk.page.getByTestId('reason-dialog').getByRole('button', { name: '撤销并案' }).click()
  await until('it is its own again', () => server.psql(`SELECT state FROM incident WHERE id = ${merged}`) === 'reported')
  await detail.getByTestId(`similar-${first}`).getByRole('button', { name: /并案/ }).click()
  await desk.page.getByTestId('merge-dialog').getByTestId('merge-do').click()
  await until('all three are one case again', () => server.psql(`SELECT count(*) FROM report WHERE incident_id = ${first}`) === '3')

  // The unit that stands beside it is sent; its phone loses the line, and what it does arrives later.
  const unit = Number(server.psql("select unit_id from app_user where login = 'unit7'"))
  server.relieve(unit)
  server.hear(`id = ${unit}`, first)
  await desk.page.keyboard.press('Escape')
  await desk.select('incident', first)
  await detail.getByTestId(`dispatch-${unit}`).click()
  await until('it is sent', () => server.psql(`select count(*) from task where incident_id = ${first} and unit_id = ${unit} and ended_at is null`) === '1')
  const task = Number(server.psql(`select max(id) from task where incident_id = ${first}`))
  const field = await Desk.open(browser, server, 'unit7', { width: 390, height: 844, mobile: true }, '/field')
  const card = field.page.getByTestId(`field-task-${task}`)
  await card.waitFor()
  await field.context.setOffline(true)
  for (const [move, state] of [['acknowledge', 'acknowledged'], ['arrive', 'on_scene']] as const) {
    await field.page.getByTestId(`field-${move}`).click()
    await until(`the phone shows ${state}`, async () => (await card.getAttribute('data-state')) === state)
  }
  await field.page.getByTestId(`photo-input-${task}`).setInputFiles({ name: 'after.jpg', mimeType: 'image/jpeg', buffer: await photo(field.page) })
  await field.page.getByTestId('role-after').click()
  await field.page.getByTestId('photo-keep').click()
  await field.page.getByTestId('photo-dialog').waitFor({ state: 'detached' })
  await field.page.getByTestId('field-done').click()
  await field.page.getByRole('textbox', { name: '处置结果' }).fill('护栏已扶正')
  await field.page.getByTestId('say-why-confirm').click()
  await field.page.getByTestId(`ended-${task}`).waitFor()
  expect(server.psql(`select state from task where id = ${task}`)).toBe('dispatched')
  await field.context.setOffline(false)
  await until('what was done has arrived', () => server.psql(`select state from incident where id = ${first}`) === 'checking', 60_000)
  await until('the evidence has arrived', () => server.psql(`select count(*) from attachment where task_id = ${task} and done_at is not null`) === '1', 60_000)

  // The desk sees what the citizen and the unit photographed, checks and closes. The citizen reads it, the callers are called.
  await until('both pictures are drawn', () => detail.getByTestId('attachments').locator('img').evaluateAll((all) => all.length === 2 && all.every((img) => (img as HTMLImageElement).naturalWidth > 0)), 20_000)
  await desk.shot('case-with-evidence')
  await detail.getByTestId('move-pass').click()
  await until('the case is closed', () => server.psql(`select state from incident where id = ${first}`) === 'closed')
  await phone.getByRole('button', { name: '查询' }).click()
  await phone.getByTestId('tracked').getByText('护栏已扶正').waitFor()
  await desk.page.keyboard.press('Escape')
  await desk.page.keyboard.press('b')
  for (const name of ['王女士', '李先生']) {
    await inbox.getByTestId('waiting').filter({ hasText: name }).getByRole('button', { name: '回访' }).click()
    const answer = desk.page.getByTestId('answer-dialog')
    await answer.locator('[name=answer]').fill('护栏已扶正')
    await answer.getByText('满意', { exact: true }).click()
    await answer.getByRole('button', { name: '保存' }).click()
    await inbox.getByTestId('waiting').filter({ hasText: name }).waitFor({ state: 'detached' })
  }
  expect(server.psql(`SELECT count(*) FROM report WHERE incident_id = ${first} AND state = 'answered'`)).toBe('3')
  expect(desk.problems()).toEqual([])
  expect(withoutLine(field)).toEqual([])
  await phone.close()
  await field.close()
  await desk.close()
}, 240_000)

test('a call is taken by keyboard alone: its place is typed, and the knowledge base is asked beside the form', async () => {
  const desk = await Desk.open(browser, server, 'duty', { width: 1600, height: 1000 })
  await desk.live()
  const { keyboard } = desk.page
  await keyboard.press('n')
  await desk.page.getByTestId('pick-place').waitFor()
  await keyboard.type('分水镇')
  await desk.page.getByTestId('pick-hint').getByRole('option').first().waitFor()
  await desk.shot('pick-place')
  await keyboard.press('Enter')
  const form = desk.page.getByTestId('create-incident')
  await form.waitFor()
  await keyboard.type('老街垃圾箱满溢')
  await keyboard.press('Tab')
  await keyboard.type('06042')
  await desk.page.getByRole('option').first().waitFor()
  await keyboard.press('Enter')
  await form.getByTestId('answers-toggle').focus()
  await keyboard.press('Enter')
  await until('what is known of the class is listed', async () => (await form.getByTestId('answers').getByRole('option').count()) > 0)
  await desk.shot('call-with-knowledge')
  await form.locator('[name=title]').focus()
  await desk.shot('call-ready')
  await keyboard.press('Control+Enter')
  await until('the case is filed', () => server.psql("SELECT count(*) FROM incident WHERE title = '老街垃圾箱满溢' AND address = '分水镇' AND state = 'filed' AND category = '06042'") === '1')

  // Escape goes back to no case; Enter without a word takes the middle of the map.
  await keyboard.press('Escape')
  await keyboard.press('n')
  await desk.page.getByTestId('pick-place').waitFor()
  await keyboard.press('Escape')
  await desk.page.getByTestId('pick-hint').waitFor({ state: 'detached' })
  await keyboard.press('n')
  await desk.page.getByTestId('pick-place').waitFor()
  await keyboard.press('Enter')
  await form.waitFor()
  await keyboard.press('Escape')
  await form.waitFor({ state: 'detached' })
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 120_000)
