import { openConsole } from './console.mjs'

/** Where a view of the demo county is looked at: the town from straight above, turned, and tilted over its houses. Zooms are those of a map 960 pixels high. */
export const views = [
  { name: 'county', center: [119.65, 29.82], zoom: 10.2, pitch: 0, bearing: 0 },
  { name: 'town', center: [119.685, 29.797], zoom: 14.3, pitch: 0, bearing: 0 },
  { name: 'turned', center: [119.685, 29.797], zoom: 13.2, pitch: 0, bearing: 38 },
  { name: 'tilted', center: [119.685, 29.797], zoom: 15.1, pitch: 52, bearing: -24 },
  { name: 'horizon', center: [119.665, 29.8], zoom: 11.6, pitch: 58, bearing: 15 },
].map((view) => ({ ...view, elevation: 0, lang: 'zh', hidden: [], dwell_s: 60 }))

/** The screens of a wall, each a page of its own of one browser, all signed in as the same person. A function may run in every page of theirs before it. */
export async function openWalls(before) {
  const { browser, page } = await openConsole('/walls?lang=en')
  if (before) await page.context().addInitScript(before)
  await page.locator('.walls, [data-testid=walls]').first().waitFor({ timeout: 60_000 })
  const call = async (method, path, body) => {
    const answer = await page.request.fetch(path, { method, data: body, headers: { Origin: new URL(page.url()).origin } })
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`)
    return answer.json()
  }
  const origin = new URL(page.url()).origin
  return {
    browser,
    page,
    call: (method, path, body) => call(method, origin + path, body),
    async wall(name, layout) {
      const full = { gap_x: 0, gap_y: 0, unit: 'px', pitch_mm: 1, ...layout }
      const { id } = await call('POST', `${origin}/api/walls`, { name, area_path: '', layout: full, playlist: [], rules: [] })
      const screens = []
      for (let row = 1; row <= full.rows; row++) {
        for (let column = 1; column <= full.columns; column++) {
          const screen = await page.context().newPage()
          await screen.setViewportSize({ width: full.width, height: full.height })
          await screen.goto(`${origin}/?display=wall&wall=${id}&screen=${row},${column}`)
          screens.push({ page: screen, x: (column - 1) * (full.width + full.gap_x), y: (row - 1) * (full.height + full.gap_y) })
        }
      }
      return {
        id,
        screens,
        size: { width: full.columns * full.width + (full.columns - 1) * full.gap_x, height: full.rows * full.height + (full.rows - 1) * full.gap_y },
        show: (scene) => call('POST', `${origin}/api/walls/${id}/commands`, { command: 'show', scene }),
        close: () => Promise.all(screens.map(({ page: screen }) => screen.close())),
        /** Pictures of all screens, each as soon as it shows the scene whole. */
        async pictures(scene) {
          const out = []
          for (const { page: screen, x, y } of screens) {
            await screen.locator(`[data-testid=map][data-whole="${scene.name}"]`).waitFor({ timeout: 420_000 })
            await screen.locator('.wall-bad').waitFor({ state: 'detached' }) // a machine that is busy with other things may lose lines
            out.push({ x, y, png: (await screen.screenshot({ timeout: 120_000 })).toString('base64') })
          }
          return out
        },
      }
    },
  }
}
