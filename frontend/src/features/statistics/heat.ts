/** A place with so many cases. */
export interface HeatPoint {
  point: readonly number[]
  count: number
}

/** MapLibre's kernel: a Gauss curve that a case of weight 1 adds to the density, of which a third of the radius is the standard deviation. */
const PEAK = 0.3989422804014327
const SIGMAS = 3

const EARTH = 40_075_016.686

/** Metres of a pixel of a tile of 512 at a zoom and latitude. */
export const metresPerPixel = (zoom: number, latitude: number) => (EARTH * Math.cos((latitude * Math.PI) / 180)) / (512 * 2 ** zoom)

/** The standard deviation of the kernel, in kilometres, for a radius in pixels. */
export const sigmaKm = (radius: number, zoom: number, latitude: number) => ((radius / SIGMAS) * metresPerPixel(zoom, latitude)) / 1000

/**
 * The highest density of cases in a km² that the kernel makes of the points, looked for at the points: elsewhere it is lower, or hardly higher. Points that are
 * further than the radius away add nothing, as on the map; a lattice finds those that are near.
 */
export function peakDensity(points: readonly HeatPoint[], sigma: number): number {
  const latitude = points.length > 0 ? points[0]!.point[1]! : 0
  const kmPerDegree = EARTH / 360_000
  const scale = Math.cos((latitude * Math.PI) / 180)
  const reach = sigma * SIGMAS
  const cells = new Map<string, { x: number; y: number; n: number }[]>()
  const placed = points.map(({ point, count }) => ({ x: point[0]! * kmPerDegree * scale, y: point[1]! * kmPerDegree, n: count }))
  for (const each of placed) {
    const key = `${Math.floor(each.x / reach)}/${Math.floor(each.y / reach)}`
    const cell = cells.get(key)
    if (cell) cell.push(each)
    else cells.set(key, [each])
  }
  // Where points are crowded their cell is taken as one point in their middle: a hundred thousand pairs are nobody's wait.
  const crowd = [...cells].map(([key, cell]) => ({ key, n: cell.reduce((all, { n }) => all + n, 0) }))
  const candidates = crowd.toSorted((a, b) => b.n - a.n).slice(0, 40)
  let most = 0
  for (const { key } of candidates) {
    const [cx, cy] = key.split('/').map(Number) as [number, number]
    const near: { x: number; y: number; n: number }[] = []
    for (let x = cx - 1; x <= cx + 1; x++) for (let y = cy - 1; y <= cy + 1; y++) near.push(...(cells.get(`${x}/${y}`) ?? []))
    for (const at of cells.get(key)!.toSorted((a, b) => b.n - a.n).slice(0, 60)) {
      let sum = 0
      for (const other of near) {
        const d2 = (at.x - other.x) ** 2 + (at.y - other.y) ** 2
        if (d2 <= reach * reach) sum += other.n * Math.exp(-d2 / (2 * sigma * sigma))
      }
      most = Math.max(most, sum)
    }
  }
  return most / (2 * Math.PI * sigma * sigma)
}

/** The intensity with which a density of `top` cases in a km² is 1 on the map, the end of its ramp. */
export const intensityOf = (top: number, sigma: number) => 1 / (PEAK * top * 2 * Math.PI * sigma * sigma)

/** A round number at or above, near enough that the ramp is used. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((n) => n * power).find((n) => n >= value * 0.999)!
}

/** Five steps of the ramp up to `top`, in cases in a km²: from where each begins. */
export const heatSteps = (top: number) => [0.1, 0.2, 0.4, 0.6, 0.8].map((share) => ({ share, from: share * top }))
