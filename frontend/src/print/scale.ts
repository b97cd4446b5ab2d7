/** The sums of a map on paper: what a millimetre of it is on the ground. */
import type { Bbox, LonLat } from '../map/types'

/** Of WGS 84; CGCS2000 has the same axis, and a flattening that differs in its tenth digit. */
const AXIS = 6_378_137
const E2 = 0.006_694_380_022_9
const radians = Math.PI / 180
/** CSS pixels of an inch, and so many that MapLibre's world is wide at zoom 0. */
const CSS_DPI = 96
const WORLD = 512
export const MM_PER_INCH = 25.4
export const mmPerPixel = MM_PER_INCH / CSS_DPI

/** The scales that maps are printed at by choice. */
export const scales = [2000, 5000, 10_000, 25_000, 50_000, 100_000] as const

/**
 * Metres on the ground of one metre on the plane of Web Mercator, at a latitude. That plane takes the ellipsoid for a ball, so its scale
 * is one along the parallel and another along the meridian; the mean of both is true within 0.3 % in China whatever the direction.
 */
export function groundOfPlane(latitude: number): number {
  const phi = latitude * radians
  const w2 = 1 - E2 * Math.sin(phi) ** 2
  const parallel = 1 / Math.sqrt(w2) // radius of curvature across, over the axis
  const meridian = (1 - E2) / w2 ** 1.5
  return Math.cos(phi) * Math.sqrt(parallel * meridian)
}

/** The zoom at which a map of CSS pixels as large as paper has the scale 1 : denominator, at a latitude. */
export function zoomOf(denominator: number, latitude: number): number {
  const metresPerPixel = (denominator * mmPerPixel) / 1000
  return Math.log2((2 * Math.PI * AXIS * groundOfPlane(latitude)) / (WORLD * metresPerPixel))
}

/** The scale 1 : this that a map has on paper, at a zoom and latitude. */
export function denominatorOf(zoom: number, latitude: number): number {
  return (2 * Math.PI * AXIS * groundOfPlane(latitude) * 1000) / (WORLD * 2 ** zoom * mmPerPixel)
}

/** Rounds a scale up to two digits: 1:23,417 becomes 1:24,000, so that what had to be shown still fits. */
export function roundUp(denominator: number): number {
  const step = 10 ** (Math.floor(Math.log10(denominator)) - 1)
  return Math.ceil(denominator / step - 1e-9) * step
}

/** The scale at which paper shows what a screen of so many pixels shows at a zoom. */
export function fitting(zoom: number, latitude: number, screen: { width: number; height: number }, paper: { width: number; height: number }): number {
  const onScreen = denominatorOf(zoom, latitude) // as if a pixel of the screen were one of paper
  return roundUp(onScreen * Math.max((screen.width * mmPerPixel) / paper.width, (screen.height * mmPerPixel) / paper.height))
}

export interface Bar {
  /** Metres of the whole bar, and into how many equal parts it is divided. */
  metres: number
  parts: number
  /** Its length on paper. */
  mm: number
}

/** A scale bar of a round length, the longest that is no longer than `most` millimetres. */
export function barOf(denominator: number, most: number): Bar {
  const metres = (most * denominator) / 1000
  const ten = 10 ** Math.floor(Math.log10(metres))
  const [first, parts] = ([[5, 5], [4, 4], [2, 4], [1, 5]] as const).find(([n]) => n * ten <= metres * (1 + 1e-9)) ?? [1, 5]
  return { metres: first * ten, parts, mm: (first * ten * 1000) / denominator }
}

/** 119°41′06.5″E. CGCS2000 and WGS 84 differ by less than what a map shows. */
export function dms(degrees: number, axis: 'lon' | 'lat', digits = 1): string {
  const unit = 10 ** digits
  const all = Math.round(Math.abs(degrees) * 3600 * unit)
  const [d, m, s] = [Math.floor(all / (3600 * unit)), Math.floor(all / (60 * unit)) % 60, (all % (60 * unit)) / unit]
  const two = (n: number) => String(n).padStart(2, '0')
  const letter = axis === 'lon' ? (degrees < 0 ? 'W' : 'E') : degrees < 0 ? 'S' : 'N'
  return `${d}°${two(m)}′${s.toFixed(digits).padStart(digits ? 3 + digits : 2, '0')}″${letter}`
}

/** Seconds of arc between two lines of a graticule. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000]

/** The distance of graticule lines, in degrees: between three and eight of them on the shorter side. */
export function graticuleStep(span: number): number {
  return (steps.find((s) => (span * 3600) / s <= 8) ?? steps.at(-1)!) / 3600
}

export interface Tick {
  edge: 'top' | 'bottom' | 'left' | 'right'
  /** From the frame's upper left corner, in its own unit. */
  at: number
  axis: 'lon' | 'lat'
  value: number
}

/** Where lines of a graticule meet the frame of a map. `place` says which place lies at a point of the frame. */
export function ticksOf(width: number, height: number, place: (x: number, y: number) => LonLat): Tick[] {
  const corners = [place(0, 0), place(width, 0), place(width, height), place(0, height)]
  const box = boxOf(corners)
  const step = graticuleStep(Math.min(box[2] - box[0], box[3] - box[1]))
  const out: Tick[] = []
  const edges = [['top', 0, 0, width, 0], ['bottom', 0, height, width, height], ['left', 0, 0, 0, height], ['right', width, 0, width, height]] as const
  for (const [edge, x0, y0, x1, y1] of edges) {
    const [a, b] = [place(x0, y0), place(x1, y1)]
    // along an edge that axis is told which changes most on it: of a turned map, the one that the line crosses more steeply
    const axis = Math.abs(b[0] - a[0]) * Math.cos(((a[1] + b[1]) / 2) * radians) >= Math.abs(b[1] - a[1]) ? 0 : 1
    const [from, to] = [Math.min(a[axis], b[axis]), Math.max(a[axis], b[axis])]
    for (let n = Math.ceil(from / step - 1e-9); n * step <= to + 1e-12; n++) {
      const value = n * step
      out.push({ edge, at: cross(value, axis, (k) => place(x0 + (x1 - x0) * k, y0 + (y1 - y0) * k)) * (edge === 'left' || edge === 'right' ? height : width), axis: axis === 0 ? 'lon' : 'lat', value })
    }
  }
  return out
}

/** Which share of an edge lies before a value; latitudes are not spaced evenly on the plane. */
function cross(value: number, axis: 0 | 1, at: (k: number) => LonLat): number {
  let [low, high] = [0, 1]
  const rising = at(1)[axis] > at(0)[axis]
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2
    if (at(middle)[axis] < value === rising) low = middle
    else high = middle
  }
  return (low + high) / 2
}

export function boxOf(points: readonly LonLat[]): Bbox {
  const lons = points.map(([lon]) => lon)
  const lats = points.map(([, lat]) => lat)
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}

/** How to find the place at a point of a flat map on paper (millimetres from its middle), without a map. */
export function placeAt(center: LonLat, denominator: number, bearing: number, x: number, y: number): LonLat {
  const k = denominator / 1000 / groundOfPlane(center[1]) // metres of the plane in a millimetre
  const turn = bearing * radians
  const [east, south] = [(x * Math.cos(turn) - y * Math.sin(turn)) * k, (x * Math.sin(turn) + y * Math.cos(turn)) * k]
  const north = AXIS * Math.log(Math.tan(Math.PI / 4 + (center[1] * radians) / 2)) - south
  return [center[0] + east / AXIS / radians, (2 * Math.atan(Math.exp(north / AXIS)) - Math.PI / 2) / radians]
}
