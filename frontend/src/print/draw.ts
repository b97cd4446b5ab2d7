/** Printed maps as pixels: the map slice by slice, and the sheet over it band by band. */
import { canvasOf } from '../lib/canvas'
import { PngWriter } from '../lib/png'
import type { MapOptions, View } from '../map/types'
import { cssVariables } from '../tokens/tokens'
import { Stills, largestSlice } from '../wall/stills'
import { type Layout, pixelsOf } from './layout'

/** CSS pixels around each slice, for labels that cross a seam: on paper they are smaller than on a wall. */
const AROUND = 160
/** A slice is so many CSS pixels times a whole number: that many are whole pixels at 150 and at 300 dots of an inch. */
const UNIT = 16
/** Rows of a band beside the map. */
const BAND = 512
const CSS_DPI = 96

export type Dpi = 150 | 300

export interface Job {
  options: Omit<MapOptions, 'lens' | 'onReady' | 'still'>
  /** Tells a new map which layers are seen. */
  prepare: (stills: Stills) => void
  view: View
  layout: Layout
  dpi: Dpi
  signal: AbortSignal
  /** How much is done, 0 to 1. */
  progress: (share: number) => void
}

/** Draws the map of a sheet; `put` is given each band of it, from the top. */
async function bands({ options, prepare, view, layout, dpi, signal, progress }: Job, put: (band: HTMLCanvasElement, y: number) => Promise<void> | void): Promise<void> {
  const k = dpi / CSS_DPI
  const [width, height] = [pixelsOf(layout.map.width, dpi), pixelsOf(layout.map.height, dpi)]
  const whole = { width: width / k, height: height / k }
  const most = Math.floor(largestSlice(k, AROUND) / UNIT) * UNIT
  const side = (length: number) => Math.min(most, Math.ceil(length / Math.ceil(length / most) / UNIT) * UNIT)
  const size = { width: side(whole.width), height: side(whole.height) }
  const [columns, rows] = [Math.ceil(whole.width / size.width), Math.ceil(whole.height / size.height)]
  const stills = new Stills({ ...options, still: { pixelRatio: k, scale: 1 } }, AROUND, { whole, x: 0, y: 0, ...size })
  try {
    prepare(stills)
    for (let row = 0; row < rows; row++) {
      const y = row * size.height * k
      const band = canvasOf(width, Math.min(size.height * k, height - y))
      const pen = band.getContext('2d')!
      for (let column = 0; column < columns; column++) {
        const drawn = await stills.draw({ whole, x: column * size.width, y: row * size.height, ...size }, view, signal)
        pen.drawImage(drawn, AROUND * k, AROUND * k, size.width * k, size.height * k, column * size.width * k, 0, size.width * k, size.height * k)
        progress((row * columns + column + 1) / (rows * columns))
      }
      await put(band, y)
      band.width = band.height = 0 // gives its memory back at once
    }
  } finally {
    stills.destroy()
  }
}

/** The map of a sheet as one canvas, for the printer. */
export async function drawCanvas(job: Job): Promise<HTMLCanvasElement> {
  const out = canvasOf(pixelsOf(job.layout.map.width, job.dpi), pixelsOf(job.layout.map.height, job.dpi))
  const pen = out.getContext('2d')!
  await bands(job, (band, y) => pen.drawImage(band, 0, y))
  return out
}

/** The whole sheet as a PNG. */
export async function drawPng(job: Job, ink: SVGSVGElement): Promise<Blob> {
  const { layout, dpi } = job
  const size = { width: pixelsOf(layout.sheet.width, dpi), height: pixelsOf(layout.sheet.height, dpi) }
  const [left, top] = [pixelsOf(layout.map.x, dpi), pixelsOf(layout.map.y, dpi)]
  const over = await pictureOf(ink, size)
  const png = new PngWriter(size.width, size.height, dpi)
  let done = 0
  const write = async (height: number, map?: HTMLCanvasElement) => {
    const band = canvasOf(size.width, height)
    const pen = band.getContext('2d', { willReadFrequently: true })!
    pen.fillStyle = '#fff'
    pen.fillRect(0, 0, size.width, height)
    if (map) pen.drawImage(map, left, 0)
    pen.drawImage(over, 0, -done, size.width, size.height)
    await png.write(pen.getImageData(0, 0, size.width, height).data)
    done += height
  }
  const until = async (row: number) => {
    while (done < row) await write(Math.min(BAND, row - done))
  }
  await bands(job, async (band, y) => {
    await until(top + y)
    await write(band.height, band)
  })
  await until(size.height)
  return png.finish()
}

/** A drawing of the page as a picture by itself: it has no style sheet, so its colours are put into it. */
async function pictureOf(ink: SVGSVGElement, { width, height }: { width: number; height: number }): Promise<HTMLImageElement> {
  const copy = ink.cloneNode(true) as SVGSVGElement
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  const colours = cssVariables('light')
  const text = new XMLSerializer().serializeToString(copy).replace(/var\((--[\w-]+)\)/g, (_, name: string) => colours[name] ?? '#888')
  const image = new Image(width, height)
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  return image
}
