/** A town's user neither sees nor can fetch the next town's things, by any road. */
import { expect, test } from 'vitest'
import { Desk, browser, server, stage } from './harness'

stage()

test('API, tiles and websocket give one town alone', async () => {
  const own = server.psql("select areas[1] from app_user where login = 'duty.chengnan'")
  const foreign = Number(server.psql(`select id from incident where closed_at is null and area_path not like '${own}%' order by id limit 1`))
  const mine = Number(server.psql(`select count(*) from incident where closed_at is null and area_path like '${own}%'`))
  const [lon, lat] = server.psql(`select st_x(geom), st_y(geom) from incident where id = ${foreign}`).split('|').map(Number) as [number, number]
  const n = 2 ** 14
  const x = Math.floor(((lon + 180) / 360) * n)
  const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n)

  const desk = await Desk.open(browser, server, 'duty.chengnan')
  await desk.live()
  const seen = await desk.page.evaluate(async ([id, tile]) => {
    const get = async (path: string) => (await fetch(path)).status
    const list = (await (await fetch('/api/incidents?open=true')).json()) as { items: { id: number; area_path: string }[] }
    const rows = await new Promise<number[]>((resolve, reject) => {
      const socket = new WebSocket(`ws://${location.host}/live`)
      const ids: number[] = []
      socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', layer: 'incident', geometry: true }))
      socket.onerror = () => reject(new Error('the websocket failed'))
      socket.onmessage = (m) => {
        const frame = JSON.parse(m.data as string) as { type: string; ids?: number[]; more?: boolean }
        if (frame.type !== 'snapshot') return
        ids.push(...(frame.ids ?? []))
        if (!frame.more) { socket.close(); resolve(ids) }
      }
    })
    return {
      rows, list: list.items.map((i) => i.area_path), ids: list.items.map((i) => i.id),
      detail: await get(`/api/incidents/${id}`), feature: await get(`/api/layers/incident/features/${id}`),
      tile: await get(`/tiles/incident/${tile}`), recommend: await get(`/api/incidents/${id}/recommendations`),
    }
  }, [foreign, `14/${x}/${y}`] as const)

  expect(seen.list.every((path) => path === own || path.startsWith(`${own}.`))).toBe(true)
  expect(seen.ids).toHaveLength(mine)
  expect(seen.rows).toHaveLength(mine)
  expect(seen.rows).not.toContain(foreign)
  expect(seen.detail).toBe(404)
  expect(seen.feature).toBe(404)
  expect(seen.recommend).toBe(404)
  expect([200, 204]).toContain(seen.tile) // a tile across the border may hold own things
  await desk.shot('town-user')

  // The tile's bytes carry texts as they are: the county's officer finds the case's number in it, the town's does not.
  const number = server.psql(`select number from incident where id = ${foreign}`)
  const county = await Desk.open(browser, server, 'duty')
  await county.live()
  const carries = (d: Desk) => d.page.evaluate(async ([tile, text]) => {
    const bytes = new Uint8Array(await (await fetch(`/tiles/incident/${tile}`)).arrayBuffer())
    return new TextDecoder().decode(bytes).includes(text)
  }, [`14/${x}/${y}`, number] as const)
  expect(await carries(county)).toBe(true)
  expect(await carries(desk)).toBe(false)
  expect(await desk.page.getByTestId('list-incident').getByRole('option').count()).toBe(mine)
  await county.close()
  await desk.close()
}, 120_000)

test('an administrator takes a right from a role, and the console that is open has it no more', async () => {
  const [desk, admin] = await Promise.all([Desk.open(browser, server, 'duty.chengnan'), Desk.open(browser, server, 'admin', {}, '/admin/roles')])
  await desk.live()
  await desk.page.getByTestId('account').click()
  const video = desk.page.getByRole('menuitem', { name: '视频墙' })
  await video.waitFor()
  await admin.page.getByTestId('role-duty_officer').getByRole('button').click()
  const form = admin.page.getByTestId('role-form')
  await form.getByText('看视频', { exact: true }).click()
  await form.getByRole('button', { name: '保存' }).click()
  await form.waitFor({ state: 'detached' })
  await video.waitFor({ state: 'detached' })
  expect(await desk.page.evaluate(async () => (await fetch('/api/patrols')).status)).toBe(403)

  await admin.page.getByTestId('role-admin').getByRole('button').click() // and nobody shuts the county out
  await form.getByText('角色管理', { exact: true }).click()
  await form.getByRole('button', { name: '保存' }).click()
  await form.getByText('不能停用或降低自己的账号').waitFor()
  expect(server.psql("select 'role.manage' = any (actions) from app_role where name = 'admin'")).toBe('t')
  await Promise.all([admin.close(), desk.close()])
}, 60_000)

test('a duty officer makes a token for a program, which reads what he sees until it is revoked', async () => {
  const desk = await Desk.open(browser, server, 'duty.chengnan')
  const { page } = desk
  await page.getByTestId('account').click()
  await page.getByRole('menuitem', { name: '访问令牌' }).click()
  await page.getByTestId('new-token').click()
  await page.keyboard.press('Enter') // nothing said yet: the field is named
  await page.getByTestId('token-form').getByText(/必填/).waitFor()
  await page.keyboard.type('城南街道 QGIS')
  await page.keyboard.press('Enter')
  const secret = await page.getByTestId('secret').innerText()
  const ask = () => fetch(`${server.url}/ogc/collections/camera/items?limit=1`, { headers: { Authorization: `Bearer ${secret}` } })
  const answer = await ask()
  expect(answer.status).toBe(200)
  expect(((await answer.json()) as { numberMatched: number }).numberMatched).toBeLessThan(2000)
  await page.getByTestId('token-secret').getByRole('button', { name: '关闭' }).click()
  await page.getByTestId('token').getByRole('button', { name: /撤销/ }).click()
  await page.getByTestId('revoke-token').getByRole('button', { name: '撤销' }).click()
  await page.getByTestId('token').waitFor({ state: 'detached' })
  expect((await ask()).status).toBe(401)
  await desk.close()
})

test('a wall opens its scene with a kiosk token, without a password, until the token is revoked', async () => {
  const desk = await Desk.open(browser, server, 'admin', {}, '/admin/tokens')
  const { page } = desk
  await page.getByTestId('new-token').click()
  await page.keyboard.type('指挥大厅')
  await page.getByTestId('token-access').getByRole('button').click()
  await page.getByRole('option', { name: '大屏' }).click()
  await page.getByTestId('token-form').getByRole('button', { name: '保存' }).click()
  const secret = await page.getByTestId('secret').innerText()

  const wall = await browser.newContext({ viewport: { width: 3840, height: 1080 }, baseURL: server.url })
  const screen = await wall.newPage()
  await screen.goto(`/kiosk#${secret}`)
  await screen.getByTestId('console').waitFor()
  expect(screen.url()).toBe(`${server.url}/?display=wall`)
  expect(await screen.evaluate(async () => (await (await fetch('/api/session')).json()) as { actions: string[] })).toMatchObject({ actions: ['camera.watch', 'read'] })
  expect(await screen.getByTestId('new-incident').count()).toBe(0)
  await screen.goBack().catch(() => null)
  expect(screen.url()).not.toContain(secret)

  await page.getByTestId('token-secret').getByRole('button', { name: '关闭' }).click()
  await screen.goto('/?display=wall')
  await screen.getByTestId('console').waitFor()
  await page.getByTestId('token').filter({ hasText: '指挥大厅' }).getByRole('button', { name: /撤销/ }).click()
  await page.getByTestId('revoke-token').getByRole('button', { name: '撤销' }).click()
  await screen.getByTestId('login-form').waitFor()
  await screen.goto(`/kiosk#${secret}`)
  await screen.getByText('大屏令牌无效或已撤销').waitFor()
  await wall.close()
  await desk.close()
})
