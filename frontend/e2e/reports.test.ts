/** From calls to one case and back to the callers: a hotline, a citizen's telephone, merging, and what they are told in the end. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Desk, Wanglou, launch, until } from './harness'

let server: Wanglou
let browser: Browser
beforeAll(async () => {
  server = await Wanglou.start()
  browser = await launch()
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

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

test('two calls and a citizen tell of one thing; all three hear how it ended', async () => {
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
  await phone.getByRole('button', { name: '提交' }).click()
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

  // It ends. The citizen reads it, the callers are called.
  await desk.select('incident', first)
  await detail.getByTestId('move-self_handle').click()
  await desk.page.getByTestId('reason-dialog').getByRole('textbox').fill('护栏已扶正')
  await desk.page.getByTestId('reason-dialog').getByRole('button', { name: /自行处置/ }).click()
  await until('the case is closed', () => server.psql(`SELECT state FROM incident WHERE id = ${first}`) === 'closed')
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
  // A merged case has left the live layer: the map asks for its place in vain, which is no fault.
  expect(desk.problems().filter((problem) => !/status of 404/.test(problem))).toEqual([])
  await phone.close()
  await desk.close()
})
