/** What is done by hand on the map and beside it: units dragged onto a case, a camera turned, dragged onto the video wall, masked and told to turn; what cannot be done says why. */
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
  server.psql("update task set state = 'called_off', ended_at = now() where ended_at is null; update unit set status = 'available'")
  server.hear()
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

/** The middle of an element that has come to rest. */
async function restingMiddle(desk: Desk, selector: string): Promise<[number, number]> {
  let was = ''
  let at: [number, number] = [0, 0]
  await until(`${selector} stands still`, async () => {
    const box = await desk.page.locator(selector).first().boundingBox()
    if (!box) return false
    at = [box.x + box.width / 2, box.y + box.height / 2]
    const same = was === at.join()
    was = at.join()
    return same
  }, 60_000)
  return at
}

/** A press that goes from one place to another in steps, and is let go of there. */
async function pull(desk: Desk, from: [number, number], to: [number, number]): Promise<void> {
  await desk.page.mouse.move(...from)
  await desk.page.mouse.down()
  await desk.page.mouse.move(...to, { steps: 5 })
  await desk.page.mouse.up()
}

test('a camera is turned on the map by the mouse, does not overwrite what somebody else entered, and is dragged onto the video wall', async () => {
  const id = Number(server.psql("select id from camera where status = 'online' and azimuth_deg between 20 and 340 and device_id is not null order by id limit 1"))
  const azimuth = () => Number(server.psql(`select azimuth_deg from camera where id = ${id}`))
  const desk = await Desk.open(browser, server, 'admin', { width: 1920, height: 1080 }, `/?sel=camera/${id}`)
  await desk.live()
  const edit = desk.page.getByTestId('edit-wedge')
  const shown = async () => Number(/(\d+)°/.exec(await desk.page.getByTestId('wedge-facts').innerText())![1])
  /** Takes hold of the knob and turns it a quarter to the right. */
  const turn = async () => {
    await desk.page.getByTestId('wedge-azimuth').waitFor({ timeout: 60_000 })
    const was = await shown()
    const [x, y] = await restingMiddle(desk, '[data-testid=wedge-point] .wedge-dot')
    const knob = await restingMiddle(desk, '[data-testid=wedge-azimuth] .wedge-dot')
    await pull(desk, knob, [x - (knob[1] - y), y + (knob[0] - x)])
    await until('the wedge has turned', async () => (await shown()) !== was)
    return [x, y] as [number, number]
  }
  await edit.click()
  const was = azimuth()
  await turn()
  const turned = await shown()
  expect(Math.abs((turned - was + 360) % 360 - 90)).toBeLessThan(25) // the map lies slanted
  await desk.shot('wedge')
  await desk.page.getByTestId('wedge-save').click()
  await until('the registry has it', () => azimuth() === turned, 30_000)

  // Somebody else enters another azimuth meanwhile: that is said, and nothing is overwritten before one has chosen.
  await edit.click()
  const foot = await turn()
  const mine = await shown()
  server.psql(`update camera set azimuth_deg = 11 where id = ${id}`)
  await desk.page.getByTestId('wedge-save').click()
  await desk.page.getByTestId('wedge-conflict').waitFor({ timeout: 30_000 })
  await desk.shot('wedge-conflict')
  expect(azimuth()).toBe(11)
  await desk.page.getByTestId('wedge-conflict').getByRole('button', { name: '仍保存我的改动' }).click()
  await until('mine is in the registry', () => azimuth() === mine, 30_000)
  await edit.waitFor()

  // It stands where its wedge began, and is dragged from there.
  await desk.page.mouse.move(...foot)
  await desk.page.mouse.down()
  let aside = 0
  await until('the video wall comes up', async () => {
    await desk.page.mouse.move(foot[0] - 20 - (aside++ % 20), foot[1] + 20)
    return (await desk.page.getByTestId('drag-dock').count()) > 0
  })
  const tile = (await desk.page.locator('[data-dock-tile="1"]').boundingBox())!
  await desk.page.mouse.move(tile.x + tile.width / 2, tile.y + tile.height / 2, { steps: 4 })
  await desk.shot('drag-wall')
  await desk.page.mouse.up()
  await desk.page.getByTestId('notice').getByRole('button', { name: '打开视频墙' }).click()
  await desk.page.getByTestId('tile-1').getByTestId(`tile-camera-${id}`).waitFor({ timeout: 30_000 })
  expect(desk.problems().filter((each) => !/status of (412|404|503)|WebSocket/.test(each))).toEqual([])
  await desk.close()
}, 240_000)

test('a mask is drawn on a camera, and a recorder that is away is said beside the buttons that turn it', async () => {
  const [id, code] = server.psql("select id, device_id from camera where status = 'online' and device_id is not null order by id desc limit 1").split('|') as [string, string]
  server.psql(`insert into gb_device (id, address, transport, registered_at, expires_at, heard_at) values ('33012200001180000077', '10.8.0.7:5060', 'udp', now(), now() + interval '1 hour', now());
    insert into gb_channel (id, device_id, name, camera, off) values ('${code}', '33012200001180000077', 'x', true, false)`)
  const desk = await Desk.open(browser, server, 'admin', { width: 1920, height: 1080 }, `/?sel=camera/${id}`)
  await desk.live()
  await desk.page.getByTestId('edit-masks').click()
  await desk.page.locator('.masks-picture').waitFor({ timeout: 30_000 })
  await restingMiddle(desk, '.masks-picture')
  const box = (await desk.page.locator('.masks-picture').boundingBox())!
  await pull(desk, [box.x + box.width * 0.25, box.y + box.height * 0.25], [box.x + box.width * 0.5, box.y + box.height * 0.75])
  await desk.page.getByTestId('mask-0').waitFor()
  await desk.shot('mask')
  await desk.page.getByTestId('mask-save').click()
  await until('the mask is kept', () => server.psql(`select count(*) from camera_mask where camera_id = ${id}`) === '1', 30_000)
  const [mask] = JSON.parse(server.psql(`select polygons from camera_mask where camera_id = ${id}`)) as [[number, number][]]
  for (const [i, want] of [[0.25, 0.25], [0.5, 0.75]].entries()) {
    const corner = mask[2 * i]!
    expect(Math.hypot(corner[0] - want[0]!, corner[1] - want[1]!)).toBeLessThan(0.02)
  }

  await desk.page.getByTestId('play').click()
  const left = desk.page.getByTestId('ptz-left')
  await left.scrollIntoViewIfNeeded()
  const [x, y] = await restingMiddle(desk, '[data-testid=ptz-left]')
  await desk.page.mouse.move(x, y)
  await desk.page.mouse.down()
  await desk.page.getByTestId('ptz-error').getByText('录像机未注册').waitFor({ timeout: 30_000 })
  await desk.page.mouse.up()
  await desk.shot('ptz-refused')
  expect(desk.problems().filter((each) => !/status of (404|503)|WebSocket/.test(each))).toEqual([])
  await desk.close()
}, 240_000)
