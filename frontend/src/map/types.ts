import type { Polygon } from 'geojson'
import type { Map as MapLibre } from 'maplibre-gl'
import type { LiveStore } from '../live/store'
import type { Theme } from '../tokens/tokens'

/** Longitude, latitude in EPSG:4326. */
export type LonLat = [number, number]
/** West, south, east, north in EPSG:4326. */
export type Bbox = [number, number, number, number]
export type Locale = 'zh' | 'en'

/** A thing on the map: the layer's name in the catalogue and the row's id. */
export interface FeatureRef {
  layer: string
  id: number
}

/** What the map takes from the catalogue (GET /api/catalog). */
export interface MapCatalog {
  layers: { name: string; delivery: 'tiles' | 'features' | 'moving'; min_zoom: number; max_zoom: number }[]
  county: {
    bbox: Bbox | number[]
    view?: { center: LonLat | number[]; zoom: number; pitch?: number; bearing?: number }
  }
  /** Photographed landscapes. One without a box lies nowhere on the earth. */
  tilesets?: { name: string; url: string; bbox?: Bbox | number[] }[]
  basemap: { source: string; attribution: string; terrain?: MapRaster & { encoding: 'terrarium' | 'mapbox' }; pictures: MapPicture[] }
}

/** A source of pictures, as the catalogue describes it. */
export interface MapRaster {
  source: string
  min_zoom: number
  max_zoom: number
  tile_size: number
  bbox: Bbox | number[]
  attribution: string
}

/** What can be shown in place of the ground: photographs, scanned or foreign maps. */
export interface MapPicture extends MapRaster {
  title: { zh: string; en: string }
  /** Lies over another picture and is not chosen by itself. */
  overlay: boolean
  /** Source of the names that belong over it. */
  labels?: string
}

/** What the map takes from the administrative tree (GET /api/areas): labels with counts. */
export interface MapArea {
  id: number
  path: string
  level: 'county' | 'town' | 'village'
  name: string
  name_en?: string
  center: LonLat | number[]
  bbox: Bbox | number[]
}

/** Parts of the map that a person can switch off, in the order of a legend. */
export const mapLayers = ['choropleth', 'unit_grid', 'building', 'camera', 'detection', 'incident', 'marking', 'unit', 'place', 'terrain'] as const
export type MapLayerId = (typeof mapLayers)[number]

/** Pixels of the container that panels cover. */
export interface Insets {
  left: number
  right: number
  top: number
  bottom: number
}

/** What is seen of a map between the panels. */
export interface FreePart {
  center: LonLat
  width: number
  height: number
}

export interface MapOptions {
  live: LiveStore
  catalog: MapCatalog
  theme: Theme
  locale: Locale
  areas?: readonly MapArea[]
  /** Somebody pressed a thing, or nothing (null). */
  onSelect?: (feature: FeatureRef | null) => void
  /** The thing under the pointer, for a tooltip; null when it left. `at` is in pixels of the container. */
  onHover?: (feature: FeatureRef | null, at: { x: number; y: number }) => void
  /** The primary button went down on a thing; true takes it, and the map stays. `at` is in pixels of the window. */
  onGrab?: (feature: FeatureRef, at: { x: number; y: number }) => boolean
  /** The secondary button or a long press, e.g. to create an incident there. */
  onPoint?: (point: LonLat, at: { x: number; y: number }) => void
  /** The map went to three dimensions or back, by whatever hand. */
  on3D?: (is3D: boolean) => void
  /** Sets the lens in the stead of the map's own choice: a wall's screen shows a part of a larger view. Called for each new size. */
  lens?: (map: MapLibre) => void
  /** The map is a picture of one moment: what changes after its making is not followed, nothing moves or beats, and its pixels can be read at any time. */
  still?: Still
  /** How a photographed landscape does that was asked for. */
  onTileset?: (name: string, state: 'loading' | 'shown' | 'failed') => void
  /** The view came to rest. */
  onView?: (view: View) => void
  /** The map is drawn for the first time, or drawn whole again after the graphics context was lost. */
  onReady?: () => void
  /** The graphics context was lost; onReady follows. */
  onLost?: () => void
  /** A source failed; the map goes on with what it has. */
  onError?: (error: Error) => void
}

export interface Still {
  /** Pixels of the picture in a CSS pixel. */
  pixelRatio: number
  /** Size of text and signs, 1 for a desk. */
  scale: number
  /** The smallest text in CSS pixels, of a wall's picture. */
  least?: number
}

export interface View {
  center: LonLat
  zoom: number
  /** Degrees from straight down. */
  pitch: number
  /** Degrees clockwise from north. */
  bearing: number
  /** Of the ground at the centre, as it is drawn. Metres. */
  elevation?: number
}

export interface FlyOptions {
  /** At least this zoom when the target is a point. */
  zoom?: number
  /** Jump without a flight. Always so under prefers-reduced-motion. */
  instant?: boolean
}

/** The one map of a console. React holds it and tells it what to do; it never renders map layers. */
export interface MapController {
  setTheme(theme: Theme): void
  setLocale(locale: Locale): void
  setAreas(areas: readonly MapArea[]): void
  /** Marks a thing with the ring; a camera shows what it sees. The view moves only when asked to reveal what it does not show, or shows at its edge; given a promise, when that is settled. */
  select(feature: FeatureRef | null, reveal?: boolean | Promise<unknown>): void
  /** What cameras see past the buildings, drawn in the stead of the selected one's wedge; null draws none. Forgotten with the next selection. */
  sight(sectors: readonly Polygon[] | null): void
  /** Marks a place at which there is nothing yet, with the ring, in the selection's stead. */
  mark(place: LonLat): void
  flyTo(target: LonLat | Bbox, options?: FlyOptions): void
  /** Shows the feature in the middle, at a zoom where it can be told from its neighbours. False when its place cannot be found. */
  flyToFeature(feature: FeatureRef, options?: FlyOptions): Promise<boolean>
  setLayerVisible(layer: MapLayerId, visible: boolean): void
  /** Shows no cases that are less grave than this; 3 shows all. */
  setSeverity(least: number): void
  /** Shows a picture of the catalogue in place of the ground; null shows the ground. */
  setPicture(source: string | null): void
  /** Shows photographed landscapes of the catalogue (3D Tiles), and no others. */
  setTilesets(names: readonly string[]): void
  /** Nothing that is drawn beside the style's own layers is on its way. */
  readonly settled: boolean
  /** Something moves on the map by itself, so that it never rests: a unit between two fixes, a new case of severity 1. */
  readonly restless: boolean
  /** Where a unit is drawn now, which glides from fix to fix. */
  unitAt(id: number): LonLat | null
  /** Lets the person pick a place: crosshair, a press takes it, Escape gives null. A second call ends the first with null. */
  pickPoint(): Promise<LonLat | null>
  /** Keeps presses for pickPoint from now on, though nobody asks yet: a tool that is being loaded loses none. False ends it. */
  holdPresses(on: boolean): void
  /** Puts drawings of markings out of sight, by case; 0 is that of the areas. */
  hideDrawings(drawings: ReadonlySet<number>): void
  /** Ends the picking of a place, with null. */
  stopPicking(): void
  /** The thing at a place of the window, in pixels. */
  featureAt(at: { x: number; y: number }): FeatureRef | null
  setInsets(insets: Partial<Insets>): void
  /** The part of the map that no panel covers. */
  readonly free: FreePart
  set3D(on: boolean): void
  /** The engine itself, for tools over the map that are loaded when somebody wants them. They leave its style and its sources alone. */
  readonly engine: MapLibre
  readonly is3D: boolean
  resetView(): void
  zoomBy(delta: number): void
  readonly view: View
  /** The size of the container or of 1 rem may have changed. The container's own size is watched. */
  resize(): void
  destroy(): void
}
