/** Units are sent by hand: dragged onto a case, confirmed by one key; who may not go says why. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage, until } from './harness'

stage()

/** Drags the middle of one thing onto another. */
async function drag(desk: Desk, from: string, to: string): Promise<string> {
  const middle = async (selector: string) => {
    const element = desk.page.locator(selector).first()
    await element.scrollIntoViewIfNeeded()
    const box = (await element.boundingBox())!
    return [box.x + Math.min(60, box.width / 2), box.y + box.height / 2] as const
  }
  const [x, y] = await middle(from)
  await desk.page.mouse.move(x, y)
  await desk.page.mouse.down()
  const [toX, toY] = await middle(to)
  await desk.page.mouse.move((x + toX) / 2, (y + toY) / 2)
  await desk.page.mouse.move(toX, toY, { steps: 4 })
  const said = await desk.page.getByTestId('drag-ghost').innerText()
  await desk.shot(`drag-${said.startsWith('✓') ? 'ok' : 'no'}`)
  await desk.page.mouse.up()
  return said
}

test('a unit of the list is dragged onto a case of the queue and sent with Enter', async () => {
  server.psql("update task set state = 'called_off', ended_at = now() where ended_at is null; update unit set status = 'available'; update position set source_time = now(), receive_time = now()")
  const [first, second] = server.psql("select id from incident where state = 'filed' order by severity, created_at, id limit 2").split('\n').map(Number) as [number, number]
  const desk = await Desk.open(browser, server, 'dispatch', { width: 1920, height: 1080 })
  await desk.queue()
  await desk.select('incident', first)
  const pick = desk.page.locator('[data-testid^="pick-"]').first()
  await pick.waitFor({ timeout: 30_000 })
  const unit = Number((await pick.getAttribute('data-thing'))!.split('/')[1])
  const name = server.psql(`select name from unit where id = ${unit}`)

  expect(await drag(desk, `[data-testid=pick-${unit}] .pick-name`, `[data-testid=row-incident-${second}]`)).toContain(`派 ${name} 到`)
  await until('the case is open, with its button in focus', () => desk.page.evaluate((id) => document.activeElement?.getAttribute('data-testid') === id, `dispatch-${unit}`), 20_000)
  expect(server.psql(`select count(*) from task where ended_at is null`)).toBe('0') // a hand that slipped sends nobody
  await desk.page.keyboard.press('Enter')
  await until('the unit is sent', () => server.psql(`select incident_id from task where unit_id = ${unit} and ended_at is null`) === String(second), 20_000)
  await desk.page.locator('.left-out').evaluate((list: HTMLDetailsElement) => (list.open = true))
  await until('the console knows it', async () => (await desk.page.locator(`[data-testid=left-${unit}], [data-testid=pick-${unit}]`).count()) > 0, 20_000)

  // A case onto a unit that is busy now: the board says why not, and nothing happens.
  await desk.page.keyboard.press('Escape')
  const board = `[data-testid=unit-board] [data-thing="unit/${unit}"]`
  if ((await desk.page.locator(board).count()) > 0) {
    const said = await drag(desk, `[data-testid=row-incident-${first}]`, board)
    expect(said).toContain(`${name} 不能派`)
    await desk.page.getByTestId('notice').getByText(`${name} 不能派`).waitFor()
  }
  expect(server.psql(`select count(*) from task where ended_at is null`)).toBe('1')
  expect(desk.problems().filter((each) => !/409/.test(each))).toEqual([])
  await desk.close()
}, 180_000)
