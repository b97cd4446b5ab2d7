// A console that plays a camera, and a page that does nothing else. Arguments: address, login, password, what to do, and
//   delay     camera, seconds, address of the bare page, "whep" to hide WebCodecs, "hls" to hide WebRTC too: prints {ours, bare}, lists of [number of the picture, moment at which it was painted in ms since 1970]
//   first     cameras, by commas, each put on the wall once: prints the ms from the click to the first picture
import { openConsole } from './console.mjs'

/** No map is drawn: pictures of a graphics card that the processor plays would be read back from it one by one. */
const plain = ['--disable-gpu']
const [mode, what, ...rest] = process.argv.slice(5)

/** Reads the number of every picture that is drawn out of its blocks; the moment is that of the painting that shows it. */
function readNumbers(way) {
  if (way === 'whep' || way === 'hls') delete globalThis.VideoDecoder
  if (way === 'hls') delete globalThis.RTCPeerConnection
  const seen = (globalThis.seen = [])
  const box = new OffscreenCanvas(8, 2).getContext('2d', { willReadFrequently: true })
  const draw = CanvasRenderingContext2D.prototype.drawImage
  CanvasRenderingContext2D.prototype.drawImage = function (source, ...where) {
    draw.call(this, source, ...where)
    if (!(source instanceof VideoFrame || source instanceof HTMLVideoElement)) return
    globalThis.firstDrawn?.()
    if (globalThis.unread) return
    box.drawImage(source, 0, 0, 256, 64, 0, 0, 8, 2)
    const { data } = box.getImageData(0, 0, 8, 2)
    let n = 0
    for (let bit = 0; bit < 8; bit++) {
      const [on, off] = [data[4 * bit], data[4 * (8 + bit)]]
      if (Math.abs(on - off) < 60) return // no picture of the film
      if (on > off) n |= 1 << bit
    }
    requestAnimationFrame(() => seen.push([n, performance.timeOrigin + performance.now()]))
  }
}

if (mode === 'delay') {
  const [seconds, bareAddress, way] = rest
  const { browser, page } = await openConsole(`/video?cameras=${what}&layout=1&lang=en`, [readNumbers, way], plain)
  await page.waitForFunction(() => globalThis.seen.length > 50, null, { timeout: 60_000 })
  const bare = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  await bare.addInitScript(readNumbers)
  const out = { ours: [], bare: [] }
  const take = async (from, into) => {
    await from.bringToFront()
    await from.waitForTimeout(1500)
    await from.evaluate(() => (globalThis.seen.length = 0))
    await from.waitForTimeout((1000 * seconds) / 2)
    into.push(...(await from.evaluate(() => globalThis.seen)))
  }
  for (let round = 0; round < 2; round++) {
    await take(page, out.ours)
    await page.goto('about:blank') // each alone
    await bare.goto(bareAddress)
    await bare.waitForFunction(() => globalThis.seen.length > 50, null, { timeout: 60_000 })
    await take(bare, out.bare)
    await bare.goto('about:blank')
    if (round) break
    await page.goBack()
    await page.waitForFunction(() => globalThis.seen?.length > 50, null, { timeout: 60_000 })
  }
  console.log(JSON.stringify(out))
  await browser.close()
} else {
  const { browser, page } = await openConsole('/video?layout=1&lang=en', [readNumbers, ''], plain)
  await page.getByTestId('video-wall').waitFor({ timeout: 60_000 })
  await page.evaluate(() => (globalThis.unread = true))
  const times = []
  for (const id of what.split(',')) {
    const button = page.getByTestId(`wall-camera-${id}`)
    await button.waitFor({ timeout: 60_000 })
    times.push(
      await button.evaluate(async (element) => {
        const began = performance.now()
        const drawn = new Promise((done, fail) => {
          globalThis.firstDrawn = () => requestAnimationFrame(() => done(performance.now() - began))
          setTimeout(() => fail(new Error('no picture')), 30_000)
        })
        element.click()
        const took = await drawn
        globalThis.firstDrawn = undefined
        return took
      }),
    )
    await page.waitForTimeout(300)
    await page.locator('[data-tile="0"]').focus()
    await page.keyboard.press('Delete')
    await page.waitForTimeout(500)
  }
  console.log(JSON.stringify(times))
  await browser.close()
}
