import type { Polygon } from 'geojson'
import { type LayerSpecification, Map as MapLibre, type Tile } from 'maplibre-gl'
import { serverNow } from '../lib/clock'
import type { LiveStore } from '../live/store'
import { type Theme, tokens } from '../tokens/tokens'
import { anchorOf, boundsOf } from './geo'
import { graphics } from './graphics'
import { LiveTiles } from './liveTiles'
import './map.css'
import { findGeometry } from './places'
import type { Markings } from './markings/scene'
import { Pointer } from './pointer'
import { putIcons, restyle } from './restyle'
import { Retries } from './retries'
import { Scene } from './scene'
import type { TilesetsLayer } from './tiles3d/layer'
import { type StyleEnv, buildStyle, ground3D, layers } from './style'
import type { Bbox, FeatureRef, FlyOptions, FreePart, Insets, Locale, LonLat, MapArea, MapController, MapLayerId, MapOptions, View } from './types'
import { Viewport, homeView } from './viewport'
import './worker'

/** The layer of photographed landscapes, and the first of the style's that lies over them: signs and names are never hidden by houses. */
const PHOTOGRAPHED = 'tilesets'
const ABOVE_GROUND = 'incident-column'
const SUN_MS = 30_000

const titles: Record<Locale, string> = { zh: '地图', en: 'Map' }

/** Puts the map into the container. Throws where the browser cannot draw one (no WebGL 2). */
export function createMap(container: HTMLElement, options: MapOptions): MapController {
  return new Controller(container, options)
}

class Controller implements MapController {
  private readonly live: LiveStore
  private readonly map: MapLibre
  private readonly tiles: LiveTiles
  private readonly scene: Scene
  private readonly pointer: Pointer
  private readonly viewport: Viewport
  private readonly retries: Retries
  private readonly hidden = new Set<MapLayerId>()
  private markings: Markings | null = null
  private drawingsHidden: ReadonlySet<number> = new Set()
  private chosen: number | null = null
  private picture: string | null = null
  private severity = 3
  private tilesets: readonly string[] = []
  private photographed: TilesetsLayer | null = null
  /** What light and sky are made of; they are loaded beside the map. */
  private airAt: typeof import('./beside').airAt | null = null
  private sunTimer: ReturnType<typeof setInterval> | undefined
  private readonly stop = new AbortController()
  private readonly sizes: ResizeObserver
  private selecting: AbortController | null = null
  private drawn: LayerSpecification[]
  private theme: Theme
  private locale: Locale
  private scale: number
  /** Whether the map has a style now. It has none at first, and none while the graphics context is lost. */
  private styled = false
  /** What signs were last drawn by. They outlast the style. */
  private icons = ''
  private lastError = { message: '', at: -Infinity }

  constructor(
    private readonly container: HTMLElement,
    private readonly options: MapOptions,
  ) {
    this.live = options.live
    this.theme = options.theme
    this.locale = options.locale
    this.scale = options.still?.scale ?? textScale()
    this.tiles = new LiveTiles(options.catalog, location.origin)
    const { county } = options.catalog
    const home = homeView(options.catalog, container.clientHeight, true)
    this.drawn = []
    const card = graphics()
    const map = (this.map = new MapLibre({
      container,
      ...(home ?? { bounds: county.bbox as Bbox, pitch: 0 }),
      attributionControl: false,
      maplibreLogo: false,
      maxPitch: 70,
      minZoom: 3,
      maxZoom: 20,
      renderWorldCopies: false,
      refreshExpiredTiles: false, // the server says by name which tiles are old
      fadeDuration: 0, // nothing moves on the map but a new incident of severity 1
      maxCanvasSize: card.canvas,
      validateStyle: import.meta.env.DEV,
      transformRequest: this.tiles.transformRequest,
      canvasContextAttributes: { antialias: (options.still?.pixelRatio ?? devicePixelRatio) < 2 && !card.software, preserveDrawingBuffer: options.still !== undefined }, // four samples cost a processor a third of its time
      ...(options.still && { pixelRatio: options.still.pixelRatio }),
      locale: { 'Map.Title': titles[this.locale] },
    }))
    this.viewport = new Viewport(map, options.catalog, true)
    const style = buildStyle(this.env())
    this.drawn = layers(this.env())
    map.setStyle(style)
    this.scene = new Scene(map, this.live, () => ({ scale: this.scale, locale: this.locale, severity: this.severity }), options.still !== undefined)
    this.pointer = new Pointer(map, options)
    if (options.areas) this.scene.setAreas(options.areas)

    let begun = false
    map.on('style.load', () => {
      this.styled = true
      this.scene.restore()
      this.markings?.restore()
      if (!begun) {
        this.scene.start()
        if (!options.still) this.tiles.attach(map, this.live)
      }
      begun = true
      this.redraw()
      this.photograph()
    })
    const whole = (): void => {
      container.dataset.drawn = '' // for those who take pictures
      options.onReady?.()
    }
    map.once('idle', () => {
      this.viewport.settle()
      whole()
    })
    this.retries = new Retries(map)
    map.on('error', (event) => {
      const { tile, sourceId } = event as { tile?: Tile; sourceId?: string }
      if (tile && sourceId) this.retries.add(sourceId, tile.tileID.canonical)
      this.failed(event.error instanceof Error ? event.error : new Error(event.error.message))
    })
    map.on('moveend', () => options.onView?.(this.view))
    map.on('webglcontextlost', () => {
      this.styled = false
      this.photographed?.onRemove() // its pictures went with the context; what it heard by the canvas and read beside it goes now
      this.photographed = null
      delete container.dataset.drawn
      options.onLost?.()
    })
    map.on('webglcontextrestored', () => map.once('idle', whole))
    const cameras = this.live.layer('camera')
    if (!cameras.loaded) { // without their state dots would say that all is well
      const unsubscribe = cameras.subscribe(() => {
        unsubscribe()
        this.redraw()
      })
    }
    this.watchMarkings()
    if (!options.still) {
      container.addEventListener('keydown', this.pressed, { signal: this.stop.signal })
      container.addEventListener('keydown', this.zoomed, { signal: this.stop.signal, capture: true }) // before MapLibre, which zooms around the middle of the canvas
    }
    void import('./beside').then(
      (beside) => {
        this.airAt = beside.airAt
        this.light()
        beside.tend(map)
      },
      console.error, // it names the file
    )
    if (!options.still) this.sunTimer = setInterval(() => this.light(), SUN_MS)
    this.attribute()
    this.sizes = new ResizeObserver(() => this.resize())
    this.sizes.observe(container)
    this.fit()
  }

  get view(): View {
    return this.viewport.view
  }

  get is3D(): boolean {
    return this.viewport.is3D
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    this.redraw()
  }

  setLocale(locale: Locale): void {
    this.locale = locale
    this.map.getCanvas().setAttribute('aria-label', titles[locale])
    this.redraw()
    this.scene.refresh()
  }

  setAreas(areas: readonly MapArea[]): void {
    this.scene.setAreas(areas)
  }

  select(feature: FeatureRef | null, reveal: boolean | Promise<unknown> = false): void {
    this.selecting?.abort()
    this.chosen = feature?.layer === 'incident' ? feature.id : null
    this.markings?.refresh()
    this.viewport.stay()
    if (!feature) return this.scene.select(null)
    const { signal } = (this.selecting = new AbortController())
    const show = (at: LonLat): void => {
      const value = (column: string): number | null => (this.live.layer(feature.layer).value(feature.id, column) as number | null | undefined) ?? null
      this.scene.select({ ref: feature, at, azimuthDeg: value('azimuth_deg'), fovDeg: value('fov_deg'), rangeM: value('range_m') })
      if (reveal) this.viewport.reveal(at, reveal)
    }
    const known = this.scene.placeOf(feature)
    if (known) return show(known)
    this.scene.select(null)
    void findGeometry(feature, this.live, this.map, location.origin, signal).then((geometry) => {
      const at = anchorOf(geometry)
      if (at && !signal.aborted) show(at)
    })
  }

  sight(sectors: readonly Polygon[] | null): void {
    this.scene.sight(sectors)
  }

  mark(place: LonLat): void {
    this.selecting?.abort()
    this.scene.select({ ref: { layer: 'place', id: 0 }, at: place })
    this.viewport.reveal(place)
  }

  flyTo(target: LonLat | Bbox, options?: FlyOptions): void {
    this.viewport.fly(target, options)
  }

  async flyToFeature(feature: FeatureRef, options?: FlyOptions): Promise<boolean> {
    const known = this.scene.placeOf(feature)
    if (known) {
      this.viewport.fly(known, options)
      return true
    }
    const area = feature.layer === 'area' ? this.options.areas?.find(({ id }) => id === feature.id) : undefined
    const geometry = area ? null : await findGeometry(feature, this.live, this.map, location.origin, this.stop.signal)
    const target = area ? (area.bbox as Bbox) : geometry && (geometry.type === 'Point' ? anchorOf(geometry) : boundsOf(geometry))
    if (!target || this.stop.signal.aborted) return false
    this.viewport.fly(target, options)
    return true
  }

  setLayerVisible(layer: MapLayerId, visible: boolean): void {
    if (this.hidden.has(layer) !== visible) return
    if (visible) this.hidden.delete(layer)
    else this.hidden.add(layer)
    this.redraw()
  }

  setSeverity(least: number): void {
    if (least === this.severity) return
    this.severity = least
    this.scene.refresh()
  }

  setPicture(source: string | null): void {
    if (source === this.picture) return
    this.picture = source
    this.redraw()
    this.attribute()
  }

  setTilesets(names: readonly string[]): void {
    if (names.join('/') === this.tilesets.join('/')) return
    this.tilesets = names
    this.redraw()
    this.photograph()
  }

  get restless(): boolean {
    return this.scene.restless
  }

  unitAt(id: number): LonLat | null {
    return this.scene.placeOf({ layer: 'unit', id })
  }

  get settled(): boolean {
    return this.airAt !== null && (this.tilesets.length === 0 || (this.photographed?.settled ?? false))
  }

  /** Landscapes come with an engine of their own, which is loaded when somebody wants the first. */
  private photograph(): void {
    const { map, tilesets, stop } = this
    const wanted = (this.options.catalog.tilesets ?? []).filter(({ name }) => tilesets.includes(name))
    if (wanted.length === 0) {
      if (this.styled && map.getLayer(PHOTOGRAPHED)) map.removeLayer(PHOTOGRAPHED)
      this.photographed = null
      return
    }
    const told = this.options.onTileset
    void import('./tiles3d/layer').then(
      ({ TilesetsLayer }) => {
        if (stop.signal.aborted || tilesets !== this.tilesets || !this.styled) return // asked anew since
        this.photographed ??= new TilesetsLayer([], (name, state) => told?.(name, state))
        this.photographed.setSources(wanted)
        if (!map.getLayer(PHOTOGRAPHED)) map.addLayer(this.photographed, ABOVE_GROUND)
      },
      (error: Error) => {
        console.error('what draws 3D Tiles was not loaded:', error)
        for (const { name } of wanted) told?.(name, 'failed')
      },
    )
  }

  get engine(): MapLibre {
    return this.map
  }

  pickPoint(): Promise<LonLat | null> {
    return this.pointer.pick()
  }

  holdPresses(on: boolean): void {
    this.pointer.hold(on)
  }

  hideDrawings(drawings: ReadonlySet<number>): void {
    this.drawingsHidden = drawings
    this.markings?.refresh()
  }

  stopPicking(): void {
    this.pointer.endPick(null)
  }

  featureAt(at: { x: number; y: number }): FeatureRef | null {
    return this.pointer.under(at)
  }

  setInsets(insets: Partial<Insets>): void {
    this.viewport.setInsets(insets)
  }

  get free(): FreePart {
    return this.viewport.free
  }

  set3D(on: boolean): void {
    if (on === this.is3D) return
    this.viewport.tilt(on)
    this.redraw()
    this.options.on3D?.(on)
  }

  resetView(): void {
    this.viewport.home()
  }

  zoomBy(delta: number): void {
    this.viewport.zoomBy(delta)
  }

  resize(): void {
    this.map.resize()
    this.fit()
    const scale = this.options.still?.scale ?? textScale()
    if (scale === this.scale) return
    this.scale = scale
    this.redraw()
    this.scene.refresh()
  }

  private fit(): void {
    if (this.options.lens) this.options.lens(this.map)
    else this.viewport.fit()
  }

  destroy(): void {
    this.stop.abort()
    this.viewport.stay()
    clearInterval(this.sunTimer)
    this.selecting?.abort()
    this.sizes.disconnect()
    this.pointer.destroy()
    this.tiles.detach()
    this.retries.stop()
    this.markings?.destroy()
    this.scene.destroy()
    this.map.remove()
    this.container.querySelector('.map-attribution')?.remove()
  }

  /** The smallest text: 1 rem on a wall. */
  private get least(): number {
    const { still } = this.options
    return still ? (still.least ?? 0) : document.documentElement.dataset.display === 'wall' ? 16 * this.scale : 0
  }

  private env(): StyleEnv {
    return {
      tokens: tokens[this.theme],
      locale: this.locale,
      catalog: this.options.catalog,
      origin: location.origin,
      scale: this.scale,
      least: this.least,
      hidden: new Set([...this.hidden, ...(this.live.layer('camera').loaded ? [] : ['camera' as const]), ...(this.tilesets.length > 0 ? ['building' as const] : [])]), // photographed houses stand where drawn ones would
      is3D: this.viewport.is3D,
      picture: this.picture,
    }
  }

  /** Light and sky of the hour. */
  private light(): void {
    if (!this.airAt || !this.styled || this.stop.signal.aborted) return
    const { light, sky } = this.airAt(serverNow(), this.options.catalog.county.bbox as Bbox, tokens[this.theme])
    this.map.setLight(light)
    this.map.setSky(sky)
  }

  /** Brings the drawn layers up to date with what they depend on. */
  private redraw(): void {
    if (!this.styled) return // it will be, and then it is drawn as it should be by then
    const { map } = this
    const next = layers(this.env())
    restyle(map, this.drawn, next)
    this.drawn = next
    this.light()
    map.setTerrain(ground3D(this.env()).terrain ?? null)
    const icons = `${this.theme} ${this.scale} ${map.getPixelRatio()}`
    if (icons !== this.icons) putIcons(map, tokens[this.theme], this.scale)
    this.icons = icons
    this.markings?.refresh()
  }

  /** What draws markings is loaded with the first of them. */
  private watchMarkings(): void {
    const { live, map } = this
    const layer = live.layer('marking')
    const come = (): void => {
      if (layer.size === 0) return
      stop()
      void import('./markings/scene').then(({ Markings }) => {
        const begin = (): void => {
          if (this.stop.signal.aborted) return
          this.markings = new Markings(map, live, () => ({
            tokens: tokens[this.theme], scale: this.scale, least: this.least, locale: this.locale, visible: !this.hidden.has('marking'), incident: this.chosen, hidden: this.drawingsHidden,
          }))
        }
        if (this.styled) begin()
        else map.once('style.load', begin)
      })
    }
    const stop = layer.subscribe(come)
    this.stop.signal.addEventListener('abort', stop)
    come()
  }

  private failed(error: Error): void {
    const now = Date.now() // a source that is away fails once a tile
    if (error.message === this.lastError.message && now - this.lastError.at < 10_000) return
    this.lastError = { message: error.message, at: now }
    this.options.onError?.(error)
  }

  /** Keys of the focused map. Arrows are MapLibre's own; none of them reaches the page's shortcuts. */
  private pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.map.getCanvas()) return
    const actions: Record<string, () => void> = { '0': () => this.resetView(), '2': () => this.set3D(false), '3': () => this.set3D(true) }
    const action = actions[event.key]
    if (!action && !event.key.startsWith('Arrow')) return
    event.stopPropagation()
    action?.()
  }

  private zoomed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.map.getCanvas() || !/^[-+=]$/.test(event.key)) return
    event.stopPropagation()
    this.zoomBy(event.key === '-' ? -1 : 1)
  }

  /** Says whose ground, heights and picture are shown. */
  private attribute(): void {
    const { basemap } = this.options.catalog
    const shown = [basemap, basemap.terrain, basemap.pictures.find(({ source }) => source === this.picture)]
    const plain = (html = ''): string => new DOMParser().parseFromString(html, 'text/html').body.textContent?.trim() ?? '' // archives carry links
    const text = [...new Set(shown.map((each) => plain(each?.attribution)).filter((each) => each !== ''))].join(' · ')
    let element = this.container.querySelector('.map-attribution')
    if (!element && text) {
      element = document.createElement('div')
      element.className = 'map-attribution'
      this.container.append(element)
    }
    if (element) element.textContent = text
  }
}

/** 1 rem over 16 px: the size of text and signs follows the page's. */
function textScale(): number {
  return Math.round((parseFloat(getComputedStyle(document.documentElement).fontSize) / 16) * 100) / 100
}
