import { createMap } from '../map/controller'
import { graphics } from '../map/graphics'
import type { LonLat, MapController, MapOptions, View } from '../map/types'
import { setLens } from './lens'
import type { Slice } from './slice'

/** A map that drew nothing for so long has all that it asked for: signs are laid out a frame after it came to rest. */
const SETTLED_MS = 300
/** Who waits longer for one picture is told that it does not come. */
const PATIENCE_MS = 120_000
/** Canvases of more pixels than this to a side cost memory that a desk may not have. */
const MOST_PIXELS = 4096

/**
 * Pictures of one moment, larger than any canvas: one map, out of sight, draws a view slice by slice as the screens of a wall do, so that
 * labels meet at the seams.
 */
export class Stills {
  private readonly box = document.createElement('div')
  readonly map: MapController
  private readonly ready: Promise<void>
  private slice: Slice

  constructor(
    options: Omit<MapOptions, 'lens' | 'onReady'>,
    /** CSS pixels that are drawn around each slice, for the sake of labels. */
    private readonly margin: number,
    first: Slice,
  ) {
    this.slice = first
    Object.assign(this.box.style, { position: 'fixed', left: '0', top: '0', visibility: 'hidden', pointerEvents: 'none', zIndex: '-1' })
    this.box.inert = true
    this.box.setAttribute('aria-hidden', 'true')
    this.size()
    document.body.append(this.box)
    let done = () => {}
    this.ready = new Promise((resolve) => (done = resolve))
    try {
      this.map = createMap(this.box, { ...options, lens: (map) => setLens(map, this.slice, this.margin), onReady: done })
    } catch (error) {
      this.box.remove()
      throw error
    }
  }

  /** Draws a slice; the canvas is that of the map, to be read before the next is asked for. The slice begins `margin` CSS pixels from its edges. */
  async draw(slice: Slice, { center, zoom, pitch, bearing, elevation }: View, signal?: AbortSignal): Promise<HTMLCanvasElement> {
    const same = slice.width === this.slice.width && slice.height === this.slice.height
    this.slice = slice
    const { engine } = this.map
    await within(this.ready, signal)
    if (same) setLens(engine, slice, this.margin)
    else {
      this.size()
      this.map.resize() // sets the lens, too
    }
    engine.jumpTo({ center: center as LonLat, zoom, pitch, bearing, elevation: elevation ?? 0 })
    await within(settled(this.map), signal)
    return engine.getCanvas()
  }

  destroy(): void {
    this.map.destroy()
    this.box.remove()
  }

  private size(): void {
    Object.assign(this.box.style, { width: `${this.slice.width + 2 * this.margin}px`, height: `${this.slice.height + 2 * this.margin}px` })
  }
}

/** How many CSS pixels a slice may have to a side, at so many pixels each. */
export function largestSlice(pixelRatio: number, margin: number): number {
  const { canvas } = graphics()
  return Math.floor(Math.min(...canvas, MOST_PIXELS) / pixelRatio) - 2 * margin
}

/** The map has drawn all that it shows, and rests. */
function settled(of: MapController): Promise<void> {
  const { engine } = of
  return new Promise((done) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stir = () => clearTimeout(timer)
    const rest = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (!of.settled) return rest()
        engine.off('render', stir)
        engine.off('idle', rest)
        done()
      }, SETTLED_MS)
    }
    engine.on('render', stir)
    engine.on('idle', rest)
    engine.triggerRepaint()
  })
}

/** What comes, unless somebody ends it or it takes too long. */
function within<T>(what: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const end = () => fail(signal!.reason)
    const late = setTimeout(() => fail(new Error('the picture was not drawn in time')), PATIENCE_MS)
    if (signal?.aborted) return end()
    signal?.addEventListener('abort', end, { once: true })
    what.then(done, fail).finally(() => {
      clearTimeout(late)
      signal?.removeEventListener('abort', end)
    })
  })
}
