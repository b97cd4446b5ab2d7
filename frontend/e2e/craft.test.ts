/** The reference page measured, the tour of a new duty officer, and a graphics card that goes away. */
import { describe, expect, test } from 'vitest'
import { Desk, browser, cutOff, server, stage, until, violations } from './harness'

stage()

/** What reaches beyond the column of its theme, which stands for the panel that it will lie in. */
const beyond = (desk: Desk) => desk.page.evaluate(() =>
  [...document.querySelectorAll('.reference-theme')].flatMap((column) => {
    const edge = column.getBoundingClientRect().right
    return [...column.querySelectorAll<HTMLElement>('*')]
      .filter((e) => e.getBoundingClientRect().right > edge + 1 && !e.closest('.truncate, .visually-hidden, .loading-bar, [data-react-aria-prevent-focus]'))
      .map((e) => `${e.tagName} ${e.className} ${e.innerText?.slice(0, 30)}`)
  }),
)

/** Signs of the map that look the same to somebody who sees no colours, or are empty: the pixels' grey, compared one by one. */
const alike = (desk: Desk, theme: string) => desk.page.evaluate((theme) => {
  const SIDE = 48
  const signs = [...document.querySelectorAll<HTMLElement>(`[data-testid=reference-${theme}] [data-sign]`)].map((item) => {
    const canvas = item.querySelector('canvas')!
    const pen = new OffscreenCanvas(SIDE, SIDE).getContext('2d')!
    pen.fillStyle = getComputedStyle(item.parentElement!).backgroundColor
    pen.fillRect(0, 0, SIDE, SIDE)
    pen.drawImage(canvas, (SIDE - canvas.width) / 2, (SIDE - canvas.height) / 2)
    const { data } = pen.getImageData(0, 0, SIDE, SIDE)
    return { name: item.dataset.sign!, grey: Array.from({ length: SIDE * SIDE }, (_, i) => 0.2126 * data[4 * i]! + 0.7152 * data[4 * i + 1]! + 0.0722 * data[4 * i + 2]!) }
  })
  const differ = (a: number[], b: number[]) => a.filter((grey, i) => Math.abs(grey - b[i]!) > 24).length
  const found: string[] = []
  signs.forEach(({ name, grey }, i) => {
    if (differ(grey, grey.map(() => grey[0]!)) < 60) found.push(`${name} is empty`)
    for (const other of signs.slice(i + 1)) if (differ(grey, other.grey) < 12) found.push(`${name} and ${other.name}`)
  })
  return { found, count: signs.length }
}, theme)

describe.each(['zh', 'en'] as const)('the reference page in %s', (lang) => {
  test.each(['dark', 'light'] as const)('has nothing cut off, nothing that cannot be read, in a %s page', async (theme) => {
    const desk = await Desk.open(browser, server, 'admin', { width: 1920, height: 1080, theme, lang, sharp: true }, '/admin/reference')
    const { page } = desk
    await page.getByTestId('reference-light').waitFor()
    await page.getByRole('img', { name: /图片|picture/i }).first().waitFor()
    await page.locator('.blank-loading').first().evaluate((e) => Promise.all(e.getAnimations().map((each) => each.finished)))
    await desk.shot(`reference-${theme}-${lang}`)
    expect(await cutOff(desk)).toEqual([])
    expect(await beyond(desk)).toEqual([])
    expect(await violations(page)).toEqual([])
    for (const column of ['dark', 'light']) {
      const { found, count } = await alike(desk, column)
      expect(count).toBeGreaterThan(15)
      expect(found).toEqual([])
    }
    // who goes by keyboard sees where he is, on every control
    const controls = page.getByTestId('reference-dark').locator('button:enabled, input:enabled:not([type=checkbox]), textarea:enabled')
    await page.keyboard.press('Tab')
    for (let i = 0; i < (await controls.count()); i++) {
      await controls.nth(i).focus()
      expect(await controls.nth(i).evaluate((e) => [e, e.closest('.field-box')].some((each) => each && getComputedStyle(each).outlineStyle !== 'none' && parseFloat(getComputedStyle(each).outlineWidth) >= 1)), `control ${i} shows its focus`).toBe(true)
    }
    for (const [press, shows] of [['reference-open', 'reference-dialog'], ['reference-form', 'reference-form-dialog']] as const) {
      await page.getByTestId(press).first().press('Enter')
      await page.getByTestId(shows).waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByTestId(shows).waitFor({ state: 'detached' })
    }
    await page.getByTestId('reference-notify').first().press('Enter')
    await page.getByTestId('notice').nth(2).waitFor()
    await desk.shot(`reference-notices-${theme}-${lang}`)
    expect(await violations(page)).toEqual([])
    expect(desk.problems().filter((text) => !/internal|error boundary/i.test(text))).toEqual([]) // one part of the page breaks, to show how that looks
    await desk.close()
  }, 240_000)
})

describe('the tour', () => {
  test('is offered once, goes through the console by keyboard, and comes again from the help', async () => {
    const desk = await Desk.open(browser, server, 'duty', { width: 1920, height: 1080, newcomer: true })
    await desk.queue()
    const { page } = desk
    const tour = page.getByTestId('tour')
    await page.getByTestId('tour-offer').waitFor()
    await desk.shot('tour-offer')
    expect(await violations(page)).toEqual([])
    await page.getByTestId('tour-offer').getByRole('button').first().press('Enter')
    for (const step of ['lamp', 'queue', 'case', 'dispatch', 'map', 'palette', 'alarm', 'help']) {
      await page.locator(`[data-testid=tour][data-step=${step}]`).waitFor()
      if (step === 'case') await page.getByTestId('incident-state').waitFor()
      expect(await tour.evaluate((card) => card.contains(document.activeElement)), step).toBe(true)
      expect(await tour.evaluate((card) => { const box = card.getBoundingClientRect(); return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight }), step).toBe(true)
      if (step === 'dispatch') expect(await violations(page)).toEqual([])
      await desk.shot(`tour-${step}`)
      await page.keyboard.press(step === 'queue' ? 'Enter' : 'ArrowRight')
    }
    await tour.waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('sel')).toBeNull() // as it was before
    await page.reload()
    await desk.queue()
    expect(await page.getByTestId('tour-offer').count()).toBe(0)
    await page.keyboard.press('?')
    await page.getByTestId('open-tour').press('Enter')
    await tour.waitFor()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Escape')
    await tour.waitFor({ state: 'detached' })
    expect(desk.problems()).toEqual([])
    await desk.close()
  }, 240_000)

  test('is not for walls, nor for those who only look', async () => {
    const wall = await Desk.open(browser, server, 'duty', { newcomer: true }, '/?display=wall')
    await wall.queue()
    expect(await wall.page.getByTestId('tour-offer').count()).toBe(0)
    await wall.close()
    const viewer = await Desk.open(browser, server, 'viewer', { newcomer: true })
    await viewer.queue()
    expect(await viewer.page.getByTestId('tour-offer').count()).toBe(0)
    await viewer.close()
  }, 240_000)
})

test('a console whose graphics context is lost draws everything again, with what is selected', async () => {
  const desk = await Desk.open(browser, server, 'duty', { width: 1280, height: 800, sharp: true })
  await desk.queue()
  await desk.drawn()
  const { page } = desk
  await page.keyboard.press('j')
  await page.getByTestId('log-entry').first().waitFor()
  const box = (await page.getByTestId('map').boundingBox())!
  const middle = { x: box.x + box.width / 4, y: box.y + box.height / 4, width: box.width / 2, height: box.height / 2 } // nothing lies on it but the map
  const picture = async () => (await page.screenshot({ clip: middle, timeout: 60_000 })).toString('base64')
  let before = await picture()
  await until('the map has come to rest', async () => {
    const last = before
    before = await picture()
    return last === before
  }, 60_000)
  await page.evaluate(
    () =>
      new Promise<void>((restored) => {
        const canvas = document.querySelector<HTMLCanvasElement>('canvas.maplibregl-canvas')!
        const context = canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!
        canvas.addEventListener('webglcontextlost', () => setTimeout(() => context.restoreContext()), { once: true })
        canvas.addEventListener('webglcontextrestored', () => setTimeout(restored), { once: true })
        context.loseContext()
      }),
  )
  await desk.drawn()
  const blank = await desk.context.newPage() // the console's own page lets no picture in that comes from elsewhere
  const differ = (one: string, two: string) =>
    blank.evaluate(async (both) => {
      const [a, b] = await Promise.all(
        both.map(async (png) => {
          const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob())
          const pen = new OffscreenCanvas(image.width, image.height).getContext('2d')!
          pen.drawImage(image, 0, 0)
          return pen.getImageData(0, 0, image.width, image.height).data
        }),
      )
      return a!.filter((value, i) => Math.abs(value - b![i]!) > 16).length / a!.length
    }, [one, two])
  let apart = 1
  await until('it looks as it did: ground, houses, cameras by their state, signs and the ring around the selected one', async () => {
    apart = await differ(before, await picture())
    return apart < 0.002
  }, 30_000).catch((error: Error) => {
    throw new Error(`${(100 * apart).toFixed(2)} % of the pixels differ`, { cause: error })
  })
  await desk.shot('context-again')
  expect(desk.problems()).toEqual([])
  await desk.close()
}, 240_000)
