/** Outlines on a square picture: places as shares of its side, 0 to 1, x to the right and y down. */

export type Ring = [number, number][]
/** Polygons, each an outer ring and holes, degrees. */
export type Outline = number[][][][]

/** The square that a picture of an outline shows, in Web Mercator metres: as the server cuts it. */
export interface Square {
  west: number
  north: number
  side: number
}

const radius = 6378137
const toX = (lon: number) => (lon * Math.PI * radius) / 180
const toY = (lat: number) => radius * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))
const toLon = (x: number) => (x / radius / Math.PI) * 180
const toLat = (y: number) => ((2 * Math.atan(Math.exp(y / radius)) - Math.PI / 2) * 180) / Math.PI

export function squareOf(outline: Outline): Square {
  const all = outline.flat(2)
  const lon = all.map((p) => p[0]!)
  const lat = all.map((p) => p[1]!)
  const [x0, x1, y0, y1] = [toX(Math.min(...lon)), toX(Math.max(...lon)), toY(Math.min(...lat)), toY(Math.max(...lat))]
  const middle = (((Math.min(...lat) + Math.max(...lat)) / 2) * Math.PI) / 180
  const side = Math.max(2 * (x1 - x0), 2 * (y1 - y0), 30 / Math.cos(middle))
  return { west: (x0 + x1 - side) / 2, north: (y0 + y1 + side) / 2, side }
}

export const onto = (s: Square, p: number[]): [number, number] => [(toX(p[0]!) - s.west) / s.side, (s.north - toY(p[1]!)) / s.side]
export const from = (s: Square, p: [number, number]): [number, number] => [toLon(s.west + p[0] * s.side), toLat(s.north - p[1] * s.side)]

/** The part of a ring (not closed) on the left of the line through a and b, as Sutherland and Hodgman cut; [] for none. */
export function half(ring: Ring, a: [number, number], b: [number, number]): Ring {
  const side = (p: [number, number]) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
  const out: Ring = []
  ring.forEach((p, i) => {
    const q = ring[(i + 1) % ring.length]!
    const [sp, sq] = [side(p), side(q)]
    if (sp >= 0) out.push(p)
    if (sp >= 0 !== sq >= 0) out.push([p[0] + ((q[0] - p[0]) * sp) / (sp - sq), p[1] + ((q[1] - p[1]) * sp) / (sp - sq)])
  })
  return out.length < 3 ? [] : out
}

/** The two parts of an outline's polygons along a line, or its polygons where it has several; null where the line misses it. Holes are left out of what is cut. */
export function cut(outline: Outline, a: [number, number], b: [number, number]): Outline[] | null {
  const parts: [Outline, Outline] = [[], []]
  for (const polygon of outline) {
    const ring = polygon[0]!.slice(0, -1) as Ring
    const [left, right] = [half(ring, a, b), half(ring, b, a)]
    if (left.length > 0) parts[0].push([[...left, left[0]!]])
    if (right.length > 0) parts[1].push([[...right, right[0]!]])
  }
  return parts[0].length > 0 && parts[1].length > 0 ? parts : null
}
