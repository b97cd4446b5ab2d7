import type { Map as MapLibre } from 'maplibre-gl'
import { lonLat } from './geo'
import type { Bbox, FlyOptions, FreePart, Insets, LonLat, MapCatalog, View } from './types'

/** The county's view is made for a map of this height; other heights show the same ground. */
const REFERENCE_HEIGHT = 960
/** Wider than this to both sides together, the edges of a tilted map are drawn out. Degrees. */
const MAX_HORIZONTAL_FOV = 68
const MAX_VERTICAL_FOV = 36.87
const DEFAULT_PITCH = 50
const POINT_ZOOM = 15.2
const FLIGHT_MS = 1200
const PAN_MS = 600
/** Before it goes to a thing the map waits at most so long for what is told about it, and at most as long again for the page to rest. */
const TOLD_MS = 500
/** What is shown stands at least this far from the edges of the free part of the map: a share of its size. */
const REVEAL_MARGIN = 0.12
/** Further away than this many times the map's size, a pan would be a blur: a flight shows the way. */
const PAN_REACH = 1.5

const wantsStill = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

/** Where the map opens: the county's own view, or all of it. Null where a box has to be fitted. */
export function homeView({ county }: MapCatalog, heightPx: number, is3D: boolean): View | null {
  const { view } = county
  if (!view) return null
  return {
    center: lonLat(view.center),
    zoom: view.zoom + Math.log2(Math.max(320, heightPx) / REFERENCE_HEIGHT),
    pitch: is3D ? (view.pitch ?? DEFAULT_PITCH) : 0,
    bearing: is3D ? (view.bearing ?? 0) : 0,
  }
}

/** Degrees of vertical view for a map of this shape: walls four times as wide as high get a longer lens, not bent edges. */
export function verticalFov(width: number, height: number): number {
  const half = Math.tan(((MAX_HORIZONTAL_FOV / 2) * Math.PI) / 180)
  const fitting = (2 * Math.atan((half * height) / Math.max(1, width)) * 180) / Math.PI
  return Math.min(MAX_VERTICAL_FOV, fitting)
}

/** Moves the camera. */
export class Viewport {
  private insets: Insets = { left: 0, right: 0, top: 0, bottom: 0 }
  private revealing: ResizeObserver | null = null
  /** The map is on its way to what was to be revealed. */
  private going = false
  private settled = false
  /** How the map stood when it was laid flat. */
  private stood: { pitch: number; bearing: number } | null = null

  constructor(
    private readonly map: MapLibre,
    private readonly catalog: MapCatalog,
    public is3D: boolean,
  ) {}

  get view(): View {
    const { lng, lat } = this.map.getCenter()
    return { center: [lng, lat], zoom: this.map.getZoom(), pitch: this.map.getPitch(), bearing: this.map.getBearing(), elevation: this.map.getCenterElevation() }
  }

  /** What is seen of the map between the panels: its middle, and its size in pixels. */
  get free(): FreePart {
    const { left, top, width, height } = this.room
    const { lng, lat } = this.map.unproject([left + width / 2, top + height / 2])
    return { center: [lng, lat], width, height }
  }

  /** The lens follows the shape of the map. */
  fit(): void {
    const { clientWidth, clientHeight } = this.map.getContainer()
    this.map.setVerticalFieldOfView(verticalFov(clientWidth, clientHeight))
  }

  /** What panels cover. It moves nothing: a panel that opens over the map leaves the ground where it was. */
  setInsets(change: Partial<Insets>): void {
    Object.assign(this.insets, change)
  }

  /**
   * Moves the map just when the place is outside of its free part, near that part's edge, or under something; the scale stays. What covers
   * it is known when the browser has laid out the panels that came with the selection, and what they tell comes before the map takes the
   * machine: it waits for that, not for long. The last thing asked for counts.
   */
  reveal(place: LonLat, told: unknown = true): void {
    this.stay()
    const laidOut = (this.revealing = new ResizeObserver(() => {
      this.stay()
      this.revealNow(place)
    }))
    const go = (): void => void requestIdleCallback(() => this.revealing === laidOut && laidOut.observe(this.map.getContainer()), { timeout: TOLD_MS })
    void Promise.race([told, new Promise((late) => setTimeout(late, TOLD_MS))]).then(go, go)
  }

  /** What was to be revealed is not: something else is, the map is going somewhere by itself, or away. */
  stay(): void {
    this.revealing?.disconnect()
    this.revealing = null
    if (this.going) this.map.stop()
  }

  private revealNow(place: LonLat): void {
    const container = this.map.getContainer()
    const { left, top, width, height } = this.room
    const { x, y } = this.map.project(place)
    const off = (at: number, from: number, size: number): number => Math.abs((at - from) / size - 0.5) // 0 in the middle, 0.5 at the edge
    const away = Math.max(off(x, left, width), off(y, top, height))
    const box = container.getBoundingClientRect()
    const covered = (): boolean => !container.contains(document.elementFromPoint(box.left + x, box.top + y))
    if (away <= 0.5 - REVEAL_MARGIN && !covered()) return
    if (away > PAN_REACH) this.go({ center: place, zoom: this.map.getZoom() }, false)
    else this.map.easeTo({ center: place, offset: this.offset, duration: this.settled ? PAN_MS : 0 })
    this.going = this.map.isMoving()
    this.map.once('moveend', () => (this.going = false))
  }

  /** What no panel covers, in pixels of the container. */
  private get room(): { left: number; top: number; width: number; height: number } {
    const { clientWidth, clientHeight } = this.map.getContainer()
    const { left, right, top, bottom } = this.insets
    return { left, top, width: clientWidth - left - right, height: clientHeight - top - bottom }
  }

  /** From the container's middle to the middle of what no panel covers. */
  private get offset(): [number, number] {
    const { left, right, top, bottom } = this.insets
    return [(left - right) / 2, (top - bottom) / 2]
  }

  /** From now on changes are shown as movements. */
  settle(): void {
    this.settled = true
  }

  home(instant = false): void {
    const { clientHeight } = this.map.getContainer()
    const view = homeView(this.catalog, clientHeight - this.insets.top - this.insets.bottom, this.is3D)
    if (!view) {
      this.fly(this.catalog.county.bbox as Bbox, { instant })
      return
    }
    this.go(view, instant)
  }

  fly(target: LonLat | Bbox, { zoom, instant = false }: FlyOptions = {}): void {
    this.stay()
    if (target.length === 2) {
      this.go({ center: target, zoom: Math.max(zoom ?? POINT_ZOOM, Math.min(this.map.getZoom(), 17)) }, instant)
      return
    }
    const camera = this.map.cameraForBounds([[target[0], target[1]], [target[2], target[3]]], { padding: padded(this.insets, 32), bearing: this.map.getBearing(), maxZoom: zoom ?? 17 })
    if (camera?.center === undefined) return
    const { lng, lat } = camera.center as { lng: number; lat: number }
    if (instant || !this.settled || wantsStill()) this.map.jumpTo({ center: [lng, lat], zoom: camera.zoom! }) // the box's camera minds the insets already
    else this.map.flyTo({ center: [lng, lat], zoom: camera.zoom!, duration: FLIGHT_MS })
  }

  tilt(is3D: boolean): void {
    this.is3D = is3D
    const { map } = this
    const to = is3D ? (this.stood ?? { pitch: this.catalog.county.view?.pitch ?? DEFAULT_PITCH }) : { pitch: 0, bearing: 0 }
    this.stood = is3D ? null : { pitch: map.getPitch(), bearing: map.getBearing() }
    map.easeTo({ ...to, duration: wantsStill() ? 0 : 400 })
  }

  /** Nearer or farther, around the middle of what no panel covers: there stand what is selected and the cross of the tools. Pressed again on the way it goes on from the next level. */
  zoomBy(delta: number): void {
    const from = this.map.getZoom()
    this.map.easeTo({ zoom: (this.map.isZooming() ? Math.round(from) : from) + delta, around: this.free.center, duration: wantsStill() ? 0 : 200 })
  }

  private go(to: { center: LonLat; zoom: number; pitch?: number; bearing?: number }, instant: boolean): void {
    this.stay()
    if (instant || !this.settled || wantsStill()) this.map.easeTo({ ...to, offset: this.offset, duration: 0 })
    else this.map.flyTo({ ...to, offset: this.offset, duration: FLIGHT_MS })
  }
}

function padded({ left, right, top, bottom }: Insets, by: number): Insets {
  return { left: left + by, right: right + by, top: top + by, bottom: bottom + by }
}
