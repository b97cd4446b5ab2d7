import type { Polygon } from 'geojson'
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { nameIn } from '../domain/names'
import type { LiveStore } from '../live/store'
import { AreaCounts, openByPath } from './areaCounts'
import { CameraStates } from './cameraStates'
import { DiffSource, type MapFeature } from './diffSource'
import { anchorOf, circle, lonLat } from './geo'
import { type UnitLook, unitIcon, unitLook } from './icons'
import { Motion } from './motion'
import { Pulse, beat } from './pulse'
import { type Selected, selectionFeatures } from './selection'
import { type SignView, signFeatures, unitTurns, unitsAside } from './signs'
import type { OwnSource } from './style'
import type { FeatureRef, LonLat, MapArea } from './types'

/** Moving things are drawn at most this often. Every drawing costs the worker a tile. */
const MOTION_MS = 66
const PULSE_FRAME_MS = 33
/** Of the column of a case, in three dimensions. */
const COLUMN_PX = 7
const COLUMN_HIGH_PX = 110
/** From farther above than this a column would lie over the map as a bar, and hide what it stands for. Degrees. */
const COLUMN_LEAST_PITCH = 20
/** Where the name of a unit begins, in letters below its middle: half of its sign's box. */
const NAME_BELOW = 1.35
/** Which units are on top: those at work, then those that are free. */
const looks = { off_duty: 0, available: 1, busy: 2 } as const satisfies Record<UnitLook, number>

const still = matchMedia('(prefers-reduced-motion: reduce)')

/** Keeps what the map shows of the live store equal to it. */
export class Scene {
  private readonly stops: (() => void)[] = []
  private readonly cameras: CameraStates
  private readonly areas: AreaCounts
  private readonly motion = new Motion()
  private readonly pulse = new Pulse()
  private readonly sources = new Map<OwnSource, DiffSource>()
  private offsets = new Map<string, readonly [number, number]>()
  private selected: Selected | null = null
  private sectors: readonly Polygon[] | null = null
  private tree: readonly MapArea[] = []
  private signsAsked = false
  private frame = 0
  private lastMotion = 0
  private lastPulse = 0
  private signZoom = NaN
  /** Ids of the units that rest, as last drawn. */
  private resting = ''

  constructor(
    private readonly map: MapLibre,
    private readonly live: LiveStore,
    private readonly env: () => { scale: number; locale: 'zh' | 'en'; severity: number },
    /** What is there when it starts is drawn once. */
    private readonly frozen = false,
  ) {
    this.cameras = new CameraStates(live.layer('camera'), {
      set: (id, status) => map.setFeatureState({ source: 'camera', sourceLayer: 'camera', id }, { status }),
    })
    // Before the style is read there is no source; what was counted by then is put in by restore().
    this.areas = new AreaCounts((id, open) => map.getSource('area') && map.setFeatureState({ source: 'area', sourceLayer: 'area', id }, { open }))
  }

  start(): void {
    const { live, map } = this
    const on = (name: string, listener: Parameters<ReturnType<LiveStore['layer']>['subscribe']>[0]): void => {
      const layer = live.layer(name)
      if (!this.frozen) this.stops.push(layer.subscribe(listener))
      if (layer.loaded) listener({ reset: true, upserted: new Set(), removed: new Set(), tiles: new Set() })
    }
    on('camera', (change) => this.cameras.apply(change))
    on('incident', (change) => {
      this.pulse.apply(live.layer('incident'), change, performance.now())
      this.layOut()
      this.count()
      this.animate()
    })
    on('detection', () => this.layOut())
    on('area', () => this.count())
    on('unit', () => this.drawUnits())
    on('position', (change) => {
      this.motion.apply(live.layer('position'), change, performance.now(), !still.matches && !this.frozen)
      this.drawUnits()
      this.animate()
    })
    const zoomed = (): void => {
      if (Math.abs(map.getZoom() - this.signZoom) > 0.4) this.layOut()
    }
    const rested = (): void => this.layOut()
    map.on('zoom', zoomed)
    map.on('moveend', rested)
    this.stops.push(
      () => map.off('zoom', zoomed),
      () => map.off('moveend', rested),
    )
  }

  /** The style is new and empty: everything is put on it again. */
  restore(): void {
    this.cameras.reapply()
    this.areas.reapply()
    for (const source of this.sources.values()) source.reset()
  }

  destroy(): void {
    for (const stop of this.stops.splice(0)) stop()
    cancelAnimationFrame(this.frame)
  }

  /** The size of signs or the language changed. */
  refresh(): void {
    this.layOut()
    this.drawUnits()
    this.drawLabels()
  }

  setAreas(tree: readonly MapArea[]): void {
    this.tree = tree
    this.count()
  }

  select(selected: Omit<Selected, 'offset'> | null): void {
    if (selected?.ref.id !== this.selected?.ref.id || selected?.ref.layer !== this.selected?.ref.layer) this.sectors = null
    this.selected = selected && { ...selected, offset: [0, 0] }
    this.layOut() // the selected thing is never only counted
    this.drawSelection()
  }

  sight(sectors: readonly Polygon[] | null): void {
    this.sectors = sectors
    this.drawSelection()
  }

  /** Where a thing is drawn now, if this map draws it by itself. */
  placeOf({ layer, id }: FeatureRef): LonLat | null {
    if (layer === 'unit') return this.motion.at(id, performance.now()) ?? null
    return layer === 'incident' || layer === 'detection' ? anchorOf(this.live.layer(layer).geometryOf(id)) : null
  }

  /** Places the signs of incidents and detections, once a frame however often it is asked for. */
  private layOut(): void {
    if (this.signsAsked) return
    this.signsAsked = true
    requestAnimationFrame(() => {
      this.signsAsked = false
      const { map, live } = this
      this.signZoom = map.getZoom()
      const view = this.view()
      const signs = signFeatures(live.layer('incident'), live.layer('detection'), view, this.selected?.ref ?? null)
      this.offsets.clear()
      for (const layer of ['incident', 'detection'] as const) {
        this.source(layer).set(signs[layer])
        for (const { id, properties } of signs[layer]) this.offsets.set(`${layer}/${id}`, properties.offset as [number, number])
      }
      for (const [id, offset] of unitsAside(this.restingUnits(), signs, view)) this.offsets.set(`unit/${id}`, offset)
      this.drawUnits()
      this.source('detection-area').set(this.detectionAreas())
      this.source('column').set(this.columns())
      this.drawSelection()
    })
  }

  private view(): SignView {
    const { map } = this
    return { zoom: map.getZoom(), pitch: map.getPitch(), bearing: map.getBearing(), ...this.env() }
  }

  private *restingUnits(): Generator<{ id: number; at: LonLat }> {
    const now = performance.now()
    for (const id of [...this.motion.keys].sort((a, b) => a - b)) {
      const at = this.motion.isMoving(id, now) ? null : this.motion.at(id, now)
      if (at && this.live.layer('unit').has(id)) yield { id, at }
    }
  }

  /** Of the gravest cases and the selected one, where the map is tilted; as large on the screen at every zoom. */
  private *columns(): Generator<MapFeature> {
    const { map, live, selected } = this
    if (map.getPitch() < COLUMN_LEAST_PITCH) return
    const metre = 2 ** map.getZoom() / (78_271.5 * this.env().scale * Math.cos((map.getCenter().lat * Math.PI) / 180)) // in pixels of a desk
    for (const { id, geometry, severity } of live.layer('incident').rows()) {
      const at = anchorOf(geometry)
      const mine = selected?.ref.layer === 'incident' && selected.ref.id === id
      if (!at || !(severity === 1 || mine)) continue
      yield { type: 'Feature', id, geometry: circle(at, COLUMN_PX / 2 / metre), properties: { severity, height: COLUMN_HIGH_PX / metre } }
    }
  }

  private *detectionAreas(): Generator<MapFeature> {
    for (const { id, geometry } of this.live.layer('detection').rows()) {
      if (geometry && geometry.type !== 'Point') yield { type: 'Feature', id, geometry, properties: {} }
    }
  }

  private count(): void {
    const counts = openByPath(this.live.layer('incident'))
    const rows = this.live.layer('area')
    const areas: { id: number; path: string }[] = []
    rows.each('path', (id, path) => areas.push({ id, path: String(path) }))
    this.areas.apply(counts, areas.length > 0 ? areas : this.tree)
    this.drawLabels(counts)
  }

  private drawLabels(counts = openByPath(this.live.layer('incident'))): void {
    const { locale } = this.env()
    const features: MapFeature[] = []
    for (const { id, path, level, name, name_en, center } of this.tree) {
      if (level !== 'town') continue
      features.push({
        type: 'Feature',
        id,
        geometry: { type: 'Point', coordinates: lonLat(center) },
        properties: { name: nameIn({ name, name_en }, locale), open: counts.get(path) ?? 0 },
      })
    }
    this.source('area-label').set(features)
  }

  private drawUnits(): void {
    const now = performance.now()
    const { locale, scale } = this.env()
    const shown = [...this.shownUnits(now)]
    const turns = unitTurns(shown, this.view())
    const features: MapFeature[] = []
    const resting: number[] = []
    for (const { id, at, unit, look } of shown) {
      const moving = this.motion.isMoving(id, now)
      if (!moving) resting.push(id)
      const [dx, dy] = (!moving && this.offsets.get(`unit/${id}`)) || [0, 0]
      features.push({
        type: 'Feature',
        id,
        geometry: { type: 'Point', coordinates: at },
        properties: {
          name: nameIn({ name: String(unit.name), name_en: unit.name_en as string | null }, locale),
          moving,
          offset: [dx, dy],
          below: [dx / (12 * scale), NAME_BELOW + dy / (12 * scale)],
          icon: unitIcon(unit.kind, unit.status),
          look,
          order: look + turns.get(id)! / 1000,
        },
      })
    }
    this.source('unit').set(features)
    const rest = resting.join(' ')
    if (rest !== this.resting) this.layOut() // those that came to rest are placed beside the signs
    this.resting = rest
    if (this.selected?.ref.layer === 'unit') this.drawSelection()
  }

  private *shownUnits(now: number): Generator<{ id: number; at: LonLat; unit: Record<string, unknown>; look: number }> {
    const units = this.live.layer('unit')
    for (const id of this.motion.keys) {
      const [at, unit] = [this.motion.at(id, now), units.get(id)]
      if (at && unit) yield { id, at, unit, look: looks[unitLook(unit.status)] }
    }
  }

  private drawSelection(): void {
    const { selected } = this
    if (selected) {
      selected.at = this.placeOf(selected.ref) ?? selected.at
      selected.offset = this.offsets.get(`${selected.ref.layer}/${selected.ref.id}`) ?? [0, 0]
    }
    this.source('selection').set(selectionFeatures(selected, this.sectors))
  }

  /** Whether something moved when it was last looked. */
  restless = false

  /** Runs as long as something moves: a unit between two fixes, or a new incident of severity 1. */
  private animate(): void {
    if (this.frozen) return
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame((now) => {
      const { map, live } = this
      const moving = this.motion.moving(now)
      if (now - this.lastMotion >= MOTION_MS && (moving || this.lastMotion > 0)) {
        this.lastMotion = moving ? now : 0
        this.drawUnits()
      }
      const beating = this.pulse.features(live.layer('incident'), now)
      this.source('pulse').set(beating)
      if (beating.length > 0 && now - this.lastPulse >= PULSE_FRAME_MS && map.getLayer('pulse')) {
        this.lastPulse = now
        const { radius, opacity } = beat(now, still.matches)
        map.setPaintProperty('pulse', 'circle-radius', radius * this.env().scale)
        map.setPaintProperty('pulse', 'circle-stroke-opacity', opacity)
      }
      this.restless = moving || beating.length > 0
      if (this.restless) this.animate()
    })
  }

  private source(name: OwnSource): DiffSource {
    let source = this.sources.get(name)
    if (!source) {
      source = new DiffSource(() => this.map.getSource<GeoJSONSource>(name))
      this.sources.set(name, source)
    }
    return source
  }
}
