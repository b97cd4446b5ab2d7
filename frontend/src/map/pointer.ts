import type { Map as MapLibre, MapGeoJSONFeature, MapMouseEvent, Point } from 'maplibre-gl'
import type { FeatureRef, LonLat, MapOptions } from './types'

/** What can be pressed, in the order in which it is meant when things lie on one another. */
const pressable = ['incident', 'detection', 'unit', 'camera'] as const
const layersOf: Record<(typeof pressable)[number], string[]> = {
  incident: ['incident', 'incident-count'],
  detection: ['detection', 'detection-count'],
  unit: ['unit', 'unit-moving', 'unit-name'],
  camera: ['camera'],
}
const REACH_PX = 5
const TOUCH_REACH_PX = 14
const LONG_PRESS_MS = 600
/** From here on a sign that counts others is not opened by zooming in. */
const LAST_SPREAD_ZOOM = 18

export interface Hit extends FeatureRef {
  /** How many signs the pressed one stands for. */
  count: number
  at: LonLat
}

/** Turns presses and moves of the pointer into things of the map. */
export class Pointer {
  private picking: ((point: LonLat | null) => void) | null = null
  /** Presses that came while a tool was on its way, or between two of its questions; null while no tool wants them. */
  private held: LonLat[] | null = null
  private hovered: FeatureRef | null = null
  private frame = 0
  private press: { timer: ReturnType<typeof setTimeout>; x: number; y: number } | null = null
  private readonly stop = new AbortController()

  constructor(
    private readonly map: MapLibre,
    private readonly options: MapOptions,
  ) {
    map.on('mousedown', (event) => {
      const { button, clientX, clientY } = event.originalEvent
      const hit = button === 0 && !this.taking && this.options.onGrab ? this.at(event.point) : null
      if (hit && hit.count <= 1 && this.options.onGrab!(hit, { x: clientX, y: clientY })) event.preventDefault()
    })
    map.on('click', this.clicked)
    map.on('mousemove', this.moved)
    map.on('mouseout', this.left)
    map.on('contextmenu', (event) => {
      event.preventDefault()
      this.pointed(event.point)
    })
    const canvas = map.getCanvas()
    const { signal } = this.stop
    canvas.addEventListener('touchstart', this.touched, { signal, passive: true })
    for (const type of ['touchmove', 'touchend', 'touchcancel'] as const) canvas.addEventListener(type, this.released, { signal, passive: true })
    window.addEventListener('keydown', this.escaped, { signal, capture: true })
  }

  /** The next press gives its place. */
  pick(): Promise<LonLat | null> {
    this.endPick(null)
    const waiting = this.held?.shift()
    if (waiting) return Promise.resolve(waiting)
    this.map.getCanvas().style.cursor = 'crosshair'
    return new Promise((resolve) => (this.picking = resolve))
  }

  /** Keeps every press from now on for pick(), or no more. */
  hold(on: boolean): void {
    this.held = on ? (this.held ?? []) : null
    this.map.getCanvas().style.cursor = this.taking ? 'crosshair' : ''
  }

  private get taking(): boolean {
    return this.picking !== null || this.held !== null
  }

  destroy(): void {
    this.stop.abort()
    this.endPick(null)
    cancelAnimationFrame(this.frame)
    clearTimeout(this.press?.timer)
  }

  /** The thing at a place of the screen. */
  at(point: Point, reach = REACH_PX): Hit | null {
    const box: [[number, number], [number, number]] = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]]
    for (const layer of pressable) {
      const layers = layersOf[layer].filter((id) => this.map.getLayer(id))
      const found = layers.length > 0 ? this.map.queryRenderedFeatures(box, { layers }) : []
      const nearest = this.nearest(found, point)
      if (nearest?.id === undefined) continue
      const [lon, lat] = nearest.geometry.type === 'Point' ? nearest.geometry.coordinates : []
      return { layer, id: Number(nearest.id), count: Number(nearest.properties.count ?? 1), at: [lon ?? 0, lat ?? 0] }
    }
    return null
  }

  /** The same for a place of the window. */
  under({ x, y }: { x: number; y: number }): Hit | null {
    const box = this.map.getCanvas().getBoundingClientRect()
    return this.at({ x: x - box.left, y: y - box.top } as Point, TOUCH_REACH_PX)
  }

  private nearest(features: MapGeoJSONFeature[], point: Point): MapGeoJSONFeature | undefined {
    let best: MapGeoJSONFeature | undefined
    let least = Infinity
    for (const feature of features) {
      const { geometry } = feature
      if (geometry.type !== 'Point') continue
      const p = this.map.project([geometry.coordinates[0]!, geometry.coordinates[1]!])
      const [dx, dy] = offsetOf(feature.properties.offset)
      const distance = Math.hypot(p.x + dx - point.x, p.y + dy - point.y)
      if (distance < least) [best, least] = [feature, distance]
    }
    return best
  }

  private clicked = (event: MapMouseEvent): void => {
    if (this.picking) {
      this.endPick([event.lngLat.lng, event.lngLat.lat])
      return
    }
    if (this.held) {
      this.held.push([event.lngLat.lng, event.lngLat.lat])
      return
    }
    const touch = (event.originalEvent as Partial<PointerEvent>).pointerType === 'touch'
    const hit = this.at(event.point, touch ? TOUCH_REACH_PX : REACH_PX)
    if (hit && hit.count > 1 && this.map.getZoom() < LAST_SPREAD_ZOOM) {
      this.map.easeTo({ center: hit.at, zoom: Math.min(LAST_SPREAD_ZOOM, this.map.getZoom() + 2) })
      return
    }
    this.options.onSelect?.(hit && { layer: hit.layer, id: hit.id })
  }

  private moved = (event: MapMouseEvent): void => {
    if (this.taking || this.map.isMoving()) return
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => {
      const hit = this.at(event.point)
      this.map.getCanvas().style.cursor = this.taking ? 'crosshair' : hit ? 'pointer' : ''
      if (hit?.layer === this.hovered?.layer && hit?.id === this.hovered?.id) return
      this.hovered = hit && { layer: hit.layer, id: hit.id }
      this.options.onHover?.(this.hovered, { x: event.point.x, y: event.point.y })
    })
  }

  private left = (): void => {
    cancelAnimationFrame(this.frame)
    if (this.hovered) this.options.onHover?.(null, { x: 0, y: 0 })
    this.hovered = null
  }

  private pointed({ x, y }: { x: number; y: number }): void {
    const { lng, lat } = this.map.unproject([x, y])
    this.options.onPoint?.([lng, lat], { x, y })
  }

  private touched = (event: TouchEvent): void => {
    const touch = event.touches[0]
    clearTimeout(this.press?.timer)
    if (!touch || event.touches.length > 1) return
    const box = this.map.getCanvas().getBoundingClientRect()
    const [x, y] = [touch.clientX - box.left, touch.clientY - box.top]
    this.press = { x, y, timer: setTimeout(() => this.pointed({ x, y }), LONG_PRESS_MS) }
  }

  private released = (event: TouchEvent): void => {
    const touch = event.touches[0]
    if (event.type === 'touchmove' && touch && this.press) {
      const box = this.map.getCanvas().getBoundingClientRect()
      if (Math.hypot(touch.clientX - box.left - this.press.x, touch.clientY - box.top - this.press.y) < TOUCH_REACH_PX) return
    }
    clearTimeout(this.press?.timer)
  }

  private escaped = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.picking) return
    event.stopPropagation()
    this.endPick(null)
  }

  endPick(point: LonLat | null): void {
    const picking = this.picking
    this.picking = null
    this.map.getCanvas().style.cursor = this.held ? 'crosshair' : ''
    picking?.(point)
  }
}

/** MapLibre hands lists back as text. */
function offsetOf(value: unknown): [number, number] {
  const list: unknown = typeof value === 'string' ? JSON.parse(value) : value
  return Array.isArray(list) ? [Number(list[0]), Number(list[1])] : [0, 0]
}
