/** What leaves the screen: a map on paper, its PDF and PNG, and all of a wall as one picture. */
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Desk, browser, server, stage } from './harness'

stage()

/** Every character that a PDF says as text, by the tables that lead from its glyphs to Unicode. */
function characters(pdf: Buffer): Set<string> {
  const out = new Set<string>()
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 7)) {
    let table: string
    try {
      table = inflateSync(pdf.subarray(at + 7), { finishFlush: 2 }).toString('latin1')
    } catch {
      continue // a picture, or no stream at all
    }
    if (!table.includes('beginbfchar') && !table.includes('beginbfrange')) continue
    const add = (hex: string, more = 0) => out.add(String.fromCodePoint(parseInt(hex, 16) + more).normalize('NFKC')) // a glyph may be told as the radical that looks the same
    for (const [, block] of table.matchAll(/beginbfchar([\s\S]*?)endbfchar/g)) for (const [, to] of block!.matchAll(/<\w+> <(\w{4})>/g)) add(to!)
    for (const [, block] of table.matchAll(/beginbfrange([\s\S]*?)endbfrange/g)) {
      for (const [, from, to, first] of block!.matchAll(/<(\w+)> <(\w+)> <(\w{4})>/g)) for (let n = 0; n <= parseInt(to!, 16) - parseInt(from!, 16); n++) add(first!, n)
    }
  }
  return out
}

/** How many colours stand in a rectangle of a PNG, and the share of its most common one. */
async function colours(png: Buffer, x: number, y: number, width: number, height: number): Promise<{ many: number; most: number }> {
  const blank = await browser.newPage() // the console's own policy lets no such pictures in
  const found = await blank.evaluate(async ([data, x, y, width, height]) => {
    const pen = new OffscreenCanvas(width, height).getContext('2d')!
    pen.drawImage(await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob()), -x, -y)
    const pixels = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer)
    const counts = new Map<number, number>()
    for (const p of pixels) counts.set(p, (counts.get(p) ?? 0) + 1)
    return { many: counts.size, most: Math.max(...counts.values()) / pixels.length }
  }, [png.toString('base64'), x, y, width, height] as const)
  await blank.close()
  return found
}

const sizeOf = (png: Buffer) => [png.readUInt32BE(16), png.readUInt32BE(20)]

async function download(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent('download', { timeout: 240_000 })
  await page.getByTestId(button).click()
  const file = await coming
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) }
}

test('the map is printed on A3, and kept as a PNG of A4, and the audit log knows', async () => {
  const desk = await Desk.open(browser, server, 'duty', { width: 1000, height: 700 })
  const { page } = desk
  await desk.queue()
  await desk.drawn()
  await page.locator('body').press('o')
  await page.locator('[data-testid=print-map][data-drawn]').waitFor({ timeout: 120_000 })
  await page.getByTestId('print-name').locator('input').fill('汛期巡堤布防图')
  await page.getByTestId('print-legend').getByText('处置单位').waitFor({ timeout: 60_000 })

  const png = await download(page, 'print-png')
  expect(png.name).toBe('汛期巡堤布防图 A4 150dpi.png')
  expect(sizeOf(png.bytes)).toEqual([1754, 1240])
  const ground = await colours(png.bytes, 200, 300, 700, 600)
  expect(ground.many).toBeGreaterThan(50)
  expect(ground.most).toBeLessThan(0.9)
  expect(await colours(png.bytes, 5, 5, 40, 1200), 'outside of the frame nothing is printed').toEqual({ many: 1, most: 1 })

  await page.getByTestId('print-paper').getByRole('button').click()
  await page.getByRole('option', { name: 'A3 横向' }).click()
  await page.getByTestId('print-denominator').getByRole('button').click()
  await page.getByRole('option', { name: '1:50,000' }).click()
  await page.locator('[data-testid=print-map][data-drawn]').waitFor({ timeout: 120_000 })
  await page.getByTestId('print-scale').getByText('比例尺 1:50,000').waitFor()
  await page.evaluate(() => (window.print = () => undefined)) // a browser without a window has no printer: page.pdf() prints
  await page.getByTestId('print-pdf').click()
  await page.locator('[data-testid=print-sheet][data-final]').waitFor({ timeout: 240_000 })
  expect(await page.getByTestId('print-legend').textContent(), 'the legend is that of what is printed').toContain('道路')
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true })
  const boxes = [...pdf.toString('latin1').matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)].map((m) => [Number(m[1]), Number(m[2])])
  expect(boxes, 'one page').toHaveLength(1)
  expect(Math.abs(boxes[0]![0]! - (420 / 25.4) * 72)).toBeLessThan(1)
  expect(Math.abs(boxes[0]![1]! - (297 / 25.4) * 72)).toBeLessThan(1)
  const said = characters(pdf)
  expect([...'汛期巡堤布防图', ...'图例比例尺'].filter((c) => !said.has(c)), 'words are text, not pixels').toEqual([])
  expect(pdf.length, 'with the map in it').toBeGreaterThan(100_000)

  const audit = JSON.parse(server.psql("SELECT json_agg(details ORDER BY id) FROM audit_log WHERE action = 'map.print' AND login = 'duty' AND details->>'kind' <> 'wall'")) as { title: string; kind: string; size: string; scale: number; bbox: number[] }[]
  expect(audit.slice(-2).map(({ kind, size, title }) => [kind, size, title])).toEqual([['png', 'A4 landscape', '汛期巡堤布防图'], ['pdf', 'A3 landscape', '汛期巡堤布防图']])
  expect(audit.at(-1)!.scale).toBe(50_000)
  expect(audit.at(-1)!.bbox[0]).toBeLessThan(audit.at(-1)!.bbox[2]!)
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 600_000)

test('a wall is kept as one picture, and shows what its screens show', async () => {
  const desk = await Desk.open(browser, server, 'duty', { width: 1000, height: 700, sharp: true }, '/walls')
  const { page, context } = desk
  await page.getByTestId('wall-new').waitFor()
  const layout = { rows: 1, columns: 3, width: 300, height: 260, gap_x: 20, gap_y: 0, unit: 'px', pitch_mm: 1 }
  const scene = { name: '县城', center: [119.685, 29.797], zoom: 15.5, pitch: 40, bearing: -24, hidden: [], theme: 'dark', lang: 'zh', dwell_s: 600 }
  const { id } = (await (await page.request.post('/api/walls', { data: { name: '大厅', area_path: '', layout, playlist: [scene], rules: [] }, headers: { Origin: server.url } })).json()) as { id: number }
  const screen = await context.newPage()
  await screen.setViewportSize({ width: 300, height: 260 })
  await screen.goto(`/?display=wall&wall=${id}&screen=1,2`)
  await screen.locator('[data-testid=map][data-whole="县城"]').waitFor({ timeout: 240_000 })
  const shown = await screen.screenshot()
  await screen.close()

  await page.getByTestId('wall-picture').click({ timeout: 60_000 })
  await page.getByTestId('wall-picture-make').waitFor({ timeout: 60_000 })
  const { name, bytes } = await download(page, 'wall-picture-make')
  expect(name).toBe('大厅 900x260.png')
  expect(sizeOf(bytes)).toEqual([900, 260])
  const blank = await browser.newPage()
  const differ = await blank.evaluate(async ([all, one]) => {
    const pixels = async (png: string, x: number) => {
      const pen = new OffscreenCanvas(300, 260).getContext('2d')!
      pen.drawImage(await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob()), -x, 0)
      return pen.getImageData(0, 0, 300, 260).data
    }
    const [a, b] = [await pixels(all, 300), await pixels(one, 0)]
    let n = 0
    for (let k = 0; k < a.length; k += 4) if (Math.max(...[0, 1, 2].map((c) => Math.abs(a[k + c]! - b[k + c]!))) > 16) n++
    return n / (300 * 260)
  }, [bytes.toString('base64'), shown.toString('base64')] as const)
  await blank.close()
  expect(differ).toBeLessThan(0.001)
  await page.getByTestId('wall-picture-saved').waitFor()
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 600_000)
