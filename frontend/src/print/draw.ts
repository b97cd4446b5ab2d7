/** Printed maps as pixels: the map slice by slice, and then the sheet over it band by band. */
import { canvasOf } from '../lib/canvas'
import { PngWriter } from '../lib/png'
import type { MapController, MapOptions, View } from '../map/types'
import { cssVariables } from '../tokens/tokens'
import { Stills, largestSlice } from '../wall/stills'
import { type Layout, pixelsOf } from './layout'
import type { Box } from './legend'

/** CSS pixels around each slice, for labels that cross a seam: on paper they are smaller than on a wall. */
const AROUND = 160
/** A slice is so many CSS pixels times a whole number: that many are whole pixels at 150 and at 300 dots of an inch. */
const UNIT = 16
/** Rows of a band of the sheet. */
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

/** The map of a sheet as one canvas. `look` may ask the map of each slice what it has drawn, in the slice's own part of its canvas. */
export async function drawMap({ options, prepare, view, layout, dpi, signal, progress }: Job, look: (engine: MapController['engine'], box: Box) => void): Promise<HTMLCanvasElement> {
  const k = dpi / CSS_DPI
  const [width, height] = [pixelsOf(layout.map.width, dpi), pixelsOf(layout.map.height, dpi)]
  const whole = { width: width / k, height: height / k }
  const most = Math.floor(largestSlice(k, AROUND) / UNIT) * UNIT
  const side = (length: number) => Math.min(most, Math.ceil(length / Math.ceil(length / most) / UNIT) * UNIT)
  const size = { width: side(whole.width), height: side(whole.height) }
  const [columns, rows] = [Math.ceil(whole.width / size.width), Math.ceil(whole.height / size.height)]
  const out = canvasOf(width, height)
  const pen = out.getContext('2d')!
  const stills = new Stills({ ...options, still: { pixelRatio: k, scale: 1 } }, AROUND, { whole, x: 0, y: 0, ...size })
  try {
    prepare(stills)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [x, y] = [column * size.width, row * size.height]
        const drawn = await stills.draw({ whole, x, y, ...size }, view, signal)
        pen.drawImage(drawn, AROUND * k, AROUND * k, size.width * k, size.height * k, x * k, y * k, size.width * k, size.height * k)
        look(stills.map.engine, [[AROUND, AROUND], [AROUND + Math.min(size.width, whole.width - x), AROUND + Math.min(size.height, whole.height - y)]])
        progress((row * columns + column + 1) / (rows * columns))
      }
    }
    return out
  } finally {
    stills.destroy()
  }
}

/** The whole sheet as a PNG, of its map and what stands over and beside it. */
export async function pngOf(map: HTMLCanvasElement, layout: Layout, dpi: Dpi, ink: SVGSVGElement): Promise<Blob> {
  const size = { width: pixelsOf(layout.sheet.width, dpi), height: pixelsOf(layout.sheet.height, dpi) }
  const [left, top] = [pixelsOf(layout.map.x, dpi), pixelsOf(layout.map.y, dpi)]
  const over = await pictureOf(ink, size)
  const png = new PngWriter(size.width, size.height, dpi)
  const band = canvasOf(size.width, BAND)
  const pen = band.getContext('2d', { willReadFrequently: true })!
  pen.fillStyle = '#fff'
  for (let y = 0; y < size.height; y += BAND) {
    pen.fillRect(0, 0, size.width, BAND)
    pen.drawImage(map, left, top - y)
    pen.drawImage(over, 0, -y, size.width, size.height)
    await png.write(pen.getImageData(0, 0, size.width, Math.min(BAND, size.height - y)).data)
  }
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
