/** The whole of a wall as one picture. */
import { remFor } from '../app/scale'
import { canvasOf } from '../lib/canvas'
import { PngWriter } from '../lib/png'
import type { LiveStore } from '../live/store'
import type { MapOptions } from '../map/types'
import { tokens } from '../tokens/tokens'
import { type Part, piecesOf, regionsOf, sizeOf } from './pieces'
import { MARGIN, type Layout } from './slice'
import type { Scene } from './socket'
import { Stills, largestSlice } from './stills'
import { type Viewed, followed, onSlice, showView } from './view'

export interface WallJob {
  options: Omit<MapOptions, 'lens' | 'onReady' | 'still' | 'theme' | 'locale'> & { live: LiveStore }
  layout: Layout
  scene: Scene
  /** The case that has jumped in, 0 for none. */
  incident: number
  bezels: boolean
  /** Written where cameras' pictures are, which are not kept. */
  cameras: (n: number) => string
  signal: AbortSignal
  progress: (share: number) => void
}

/** Draws the wall as its screens do, pixel for pixel. */
export async function drawWall({ options, layout, scene, incident, bezels, cameras, signal, progress }: WallJob): Promise<Blob> {
  const size = sizeOf(layout, bezels)
  const bands = piecesOf(regionsOf(layout, scene.parts, bezels), size.height, largestSlice(1, MARGIN))
  const png = new PngWriter(size.width, size.height)
  const all = bands.reduce((n, { pieces }) => n + pieces.length, 0)
  const scale = Math.round((remFor(layout.height, 'wall') / 16) * 100) / 100
  const stills = new Stills({ ...options, theme: scene.theme, locale: scene.lang, still: { pixelRatio: 1, scale, least: 16 * scale } }, MARGIN, bands[0]!.pieces[0]!.slice)
  let done = 0
  try {
    for (const { height, pieces } of bands) {
      const band = canvasOf(size.width, height)
      const pen = band.getContext('2d', { willReadFrequently: true })!
      for (const { x, slice, part } of pieces) {
        if (part?.cameras?.length) {
          pen.fillStyle = '#000'
          pen.fillRect(x, 0, slice.width, slice.height)
          pen.fillStyle = '#fff'
          pen.font = '32px sans-serif'
          pen.fillText(cameras(part.cameras.length), x + 48, 72)
        } else {
          const view: Scene | Part = part ?? scene
          showView(stills.map, scene, view as Viewed)
          stills.map.select(incident ? { layer: 'incident', id: incident } : null)
          const drawn = await stills.draw(slice, onSlice(followed(view, options.live), slice), signal)
          pen.fillStyle = tokens[scene.theme].bg // the sky is the page
          pen.fillRect(x, 0, slice.width, slice.height)
          pen.drawImage(drawn, MARGIN, MARGIN, slice.width, slice.height, x, 0, slice.width, slice.height)
        }
        progress(++done / all)
      }
      await png.write(pen.getImageData(0, 0, size.width, height).data)
      band.width = band.height = 0 // gives its memory back at once
    }
    return await png.finish()
  } finally {
    stills.destroy()
  }
}
