/** A town's user neither sees nor can fetch the next town's things, by any road. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Desk, Wanglou, launch } from './harness'

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
