import { ApiError } from '../api/error'
import '../i18n/pictures'
import { createMap } from '../map/controller'
import { graphics } from '../map/graphics'
import type { LonLat, MapController, MapOptions, View } from '../map/types'
import { setLens } from './lens'
import type { Slice } from './slice'

/** A map that drew nothing for so long has all that it asked for: signs are laid out a frame after it came to rest. */
const SETTLED_MS = 300
/** Who waits so long for a frame is told that the picture does not come. */
const PATIENCE_MS = 120_000
/** Between two frames of a map whose tiles come. */
const MOST_REST_MS = 2000
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
  private readonly waits: () => boolean
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
    this.ready = new Promise((resolve, fail) => {
      const late = setTimeout(() => fail(slow()), PATIENCE_MS)
      done = () => {
        clearTimeout(late)
        resolve()
      }
    })
    this.ready.catch(() => undefined) // told by draw()
    try {
      this.map = createMap(this.box, { ...options, lens: (map) => setLens(map, this.slice, this.margin), onReady: done })
    } catch (error) {
      this.box.remove()
      throw error
    }
    this.waits = pace(this.map.engine)
  }

  /** Draws a slice; the canvas is that of the map, to be read before the next is asked for. The slice begins `margin` CSS pixels from its edges. */
  async draw(slice: Slice, { center, zoom, pitch, bearing, elevation }: View, signal?: AbortSignal): Promise<HTMLCanvasElement> {
    const same = slice.width === this.slice.width && slice.height === this.slice.height
    this.slice = slice
    const { engine } = this.map
    await unless(this.ready, signal)
    if (same) setLens(engine, slice, this.margin)
    else {
      this.size()
      this.map.resize() // sets the lens, too
    }
    engine.jumpTo({ center: center as LonLat, zoom, pitch, bearing, elevation: elevation ?? 0 })
    await settled(this.map, this.waits, signal)
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

const slow = () => new ApiError('unavailable', 0, { reason: 'picture_slow' })

/** Why a picture could not be made, in words for who asked: what the server did not say is the browser's want of memory or of a graphics context. */
export const pictureError = (error: unknown): ApiError => (error instanceof ApiError ? error : new ApiError('unavailable', 0, { reason: 'picture_failed' }, { cause: error }))

const pixel = new Uint8Array(4)

/**
 * Draws a map out of sight no oftener than pays. Nothing else holds it back: it would give the card frame after frame while its tiles come, and the
 * picture would wait behind them all. Where a processor draws, a frame of this size takes it seconds. The answer says whether a frame is still to come.
 */
function pace(engine: MapController['engine']): () => boolean {
  const repaint = engine.triggerRepaint.bind(engine)
  let began = 0
  let rest = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  engine.triggerRepaint = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      began = performance.now()
      repaint()
    }, rest)
  }
  const gl = engine.getCanvas().getContext('webgl2')
  engine.on('render', () => {
    gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel) // waits for the card; finish() would not, where the card is another process's
    rest = Math.min(performance.now() - began, MOST_REST_MS)
  })
  return () => timer !== undefined
}

/** The map has drawn all that it shows, and rests. */
function settled(of: MapController, waits: () => boolean, signal?: AbortSignal): Promise<void> {
  const { engine } = of
  let timer: ReturnType<typeof setTimeout> | undefined
  let late: ReturnType<typeof setTimeout> | undefined
  let stir = () => {}
  let rest = () => {}
  const drawn = new Promise<void>((done, fail) => {
    stir = () => {
      clearTimeout(timer)
      clearTimeout(late)
      late = setTimeout(() => fail(slow()), PATIENCE_MS)
    }
    rest = () => {
      clearTimeout(timer)
      timer = setTimeout(() => (of.settled && !waits() ? done() : rest()), SETTLED_MS)
    }
    engine.on('render', stir)
    engine.on('idle', rest)
    stir()
    engine.triggerRepaint()
  })
  return unless(drawn, signal).finally(() => {
    clearTimeout(timer)
    clearTimeout(late)
    engine.off('render', stir)
    engine.off('idle', rest)
  })
}

/** What comes, unless somebody ends it. */
function unless<T>(what: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const end = () => fail(signal!.reason)
    if (signal?.aborted) return end()
    signal?.addEventListener('abort', end, { once: true })
    what.then(done, fail).finally(() => signal?.removeEventListener('abort', end))
  })
}
