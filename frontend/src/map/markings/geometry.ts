import type { LonLat } from '../types'

/** A place on the plane that touches the ground at an origin: metres to the east and to the north. */
export type Flat = readonly [x: number, y: number]

const M_PER_DEG = 111_195
const rad = Math.PI / 180

/** To the plane around the first of some points and back. Within a few hundred kilometres shapes keep their look. */
export function planeAt([lon0, lat0]: LonLat): { flat: (p: LonLat) => Flat; ground: (p: Flat) => LonLat } {
  const perLon = M_PER_DEG * Math.cos(lat0 * rad)
  return {
    flat: ([lon, lat]) => [(lon - lon0) * perLon, (lat - lat0) * M_PER_DEG],
    ground: ([x, y]) => [lon0 + x / perLon, lat0 + y / M_PER_DEG],
  }
}

/** Points that are carried as one from a place of the ground to another: what is between them stays in metres. */
export function carried(points: readonly LonLat[], from: LonLat, to: LonLat): LonLat[] {
  const first = points[0]
  if (!first) return []
  const { flat } = planeAt(first)
  const start: LonLat = [first[0] + to[0] - from[0], first[1] + to[1] - from[1]]
  const { ground } = planeAt(start)
  return points.map((p) => ground(flat(p)))
}

const far = (a: Flat, b: Flat): number => Math.hypot(b[0] - a[0], b[1] - a[1])

/** A way without points that lie on the one before. */
function apart(way: readonly Flat[]): Flat[] {
  return way.filter((p, i) => i === 0 || far(p, way[i - 1]!) > 1e-6)
}

/** A curve through all points, which does not loop however they lie: Catmull–Rom, centripetal, `steps` pieces a leg. */
export function smooth(points: readonly Flat[], steps = 12): Flat[] {
  const way = apart(points)
  if (way.length < 3) return way
  const mirrored = (a: Flat, b: Flat): Flat => [2 * a[0] - b[0], 2 * a[1] - b[1]]
  const all = [mirrored(way[0]!, way[1]!), ...way, mirrored(way.at(-1)!, way.at(-2)!)]
  const out: Flat[] = [way[0]!]
  for (let i = 1; i < all.length - 2; i++) {
    const p = [all[i - 1]!, all[i]!, all[i + 1]!, all[i + 2]!] as const
    const t = [0, 0, 0, 0]
    for (let k = 1; k < 4; k++) t[k] = t[k - 1]! + Math.sqrt(far(p[k - 1]!, p[k]!))
    const between = (a: Flat, b: Flat, ta: number, tb: number, at: number): Flat => {
      const k = (at - ta) / (tb - ta)
      return [a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k]
    }
    for (let s = 1; s <= steps; s++) {
      const at = t[1]! + ((t[2]! - t[1]!) * s) / steps
      const [a, b, c] = [between(p[0], p[1], t[0]!, t[1]!, at), between(p[1], p[2], t[1]!, t[2]!, at), between(p[2], p[3], t[2]!, t[3]!, at)]
      out.push(s === steps ? p[2] : between(between(a, b, t[0]!, t[2]!, at), between(b, c, t[1]!, t[3]!, at), t[1]!, t[2]!, at))
    }
  }
  return out
}

export const lengthOf = (way: readonly Flat[]): number => way.slice(1).reduce((sum, p, i) => sum + far(way[i]!, p), 0)

/** The first `length` metres of a way. */
function begin(way: readonly Flat[], length: number): Flat[] {
  const out: Flat[] = [way[0]!]
  let left = length
  for (let i = 1; i < way.length; i++) {
    const [a, b] = [way[i - 1]!, way[i]!]
    const leg = far(a, b)
    if (leg >= left) {
      const k = left / leg
      out.push([a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k])
      return out
    }
    out.push(b)
    left -= leg
  }
  return out
}

/** To the left of each place of a way, a unit long, across the corner where it bends. */
function lefts(way: readonly Flat[]): Flat[] {
  return way.map((_, i) => {
    const [a, b] = [way[Math.max(0, i - 1)]!, way[Math.min(way.length - 1, i + 1)]!]
    const d = far(a, b) || 1
    return [-(b[1] - a[1]) / d, (b[0] - a[0]) / d]
  })
}

export interface ArrowForm {
  /** Half the width of the body, in lengths of the whole arrow, where it begins and where the head sits. */
  tail: number
  neck: number
  /** Half the width and the length of the head, the same way. */
  head: number
  headLength: number
  /** How deep the tail is cut in. */
  notch: number
}

export const arrowForms = {
  attack: { tail: 0.1, neck: 0.045, head: 0.115, headLength: 0.22, notch: 0.06 },
  route: { tail: 0.022, neck: 0.022, head: 0.06, headLength: 0.13, notch: 0 },
  arrow: { tail: 0.012, neck: 0.012, head: 0.045, headLength: 0.12, notch: 0 },
} satisfies Record<string, ArrowForm>

/** The body of an arrow along a curve through its points, as a closed ring; its tip is the last point. Null where there is no way. `size` multiplies widths. */
export function arrow(points: readonly Flat[], form: ArrowForm, size = 1): Flat[] | null {
  const spine = smooth(points)
  if (spine.length < 2) return null
  const whole = lengthOf(spine)
  const wide = whole * Math.min(size, 3)
  const shaft = begin(spine, whole * (1 - form.headLength))
  const n = shaft.length - 1
  const left: Flat[] = []
  const right: Flat[] = []
  const sides = lefts(shaft)
  let gone = 0
  const run = lengthOf(shaft) || 1
  shaft.forEach((p, i) => {
    if (i > 0) gone += far(shaft[i - 1]!, p)
    const half = wide * (form.tail + ((form.neck - form.tail) * gone) / run)
    const [x, y] = sides[i]!
    left.push([p[0] + x * half, p[1] + y * half])
    right.push([p[0] - x * half, p[1] - y * half])
  })
  const [x, y] = sides[n]!
  const neck = shaft[n]!
  const half = wide * form.head
  const tip = spine.at(-1)!
  const [a, b] = [spine[0]!, spine[1]!]
  const d = far(a, b)
  const cut: Flat[] = form.notch > 0 ? [[a[0] + ((b[0] - a[0]) / d) * wide * form.notch, a[1] + ((b[1] - a[1]) / d) * wide * form.notch]] : []
  const ring: Flat[] = [...left, [neck[0] + x * half, neck[1] + y * half], tip, [neck[0] - x * half, neck[1] - y * half], ...right.reverse(), ...cut]
  return [...ring, ring[0]!]
}

/** A point half the way along: where a name is written. */
export function middle(way: readonly Flat[]): Flat {
  return begin(way, lengthOf(way) / 2).at(-1)!
}
