/** From where the map is seen. Zoom is that of a map REFERENCE pixels high. */
export interface Camera {
  center: number[]
  zoom: number
  pitch: number
  bearing: number
  elevation?: number
  /** The unit whose place is the centre. */
  follow_unit?: number
}

export const REFERENCE = 960
const FLIGHT_MS = 2400
const RHO = 1.3

/**
 * The camera at a moment of a wall's way from one scene to the next, which began at `since`: a function of time alone, so that all screens
 * draw the same one, and who comes late comes to the right place. The way is that of van Wijk and Nuij: out, across, and in.
 */
export function cameraAt(from: Camera | null, to: Camera, since: number, now: number): Camera {
  const part = (now - since) / FLIGHT_MS
  if (!from || part >= 1) return to
  if (part <= 0) return from
  const k = part * part * (3 - 2 * part)
  const [a, b] = [mercator(from.center), mercator(to.center)]
  const distance = Math.hypot(b[0] - a[0], b[1] - a[1])
  const [w0, w1] = [2 ** -from.zoom * 2, 2 ** -to.zoom * 2] // what a view of a thousand pixels spans of the world, about
  let along = k
  let zoom = from.zoom + (to.zoom - from.zoom) * k
  if (distance > Math.min(w0, w1) * 1e-4) {
    const r = (other: number, sign: number) => {
      const c = (w1 * w1 - w0 * w0 + sign * RHO ** 4 * distance * distance) / (2 * other * RHO * RHO * distance)
      return Math.log(Math.sqrt(c * c + 1) - c)
    }
    const [r0, r1] = [r(w0, 1), r(w1, -1)]
    const length = (r1 - r0) / RHO
    if (Number.isFinite(length) && Math.abs(length) > 1e-6) {
      const s = k * length
      const w = (w0 * Math.cosh(r0)) / Math.cosh(r0 + RHO * s)
      along = (w0 * ((Math.cosh(r0) * Math.tanh(r0 + RHO * s) - Math.sinh(r0)) / (RHO * RHO))) / distance
      zoom = -Math.log2(w / 2)
    }
  }
  const mix = (x: number, y: number) => x + (y - x) * k
  const turn = ((((to.bearing - from.bearing) % 360) + 540) % 360) - 180
  return {
    center: lonLat([a[0] + (b[0] - a[0]) * along, a[1] + (b[1] - a[1]) * along]),
    zoom,
    pitch: mix(from.pitch, to.pitch),
    bearing: from.bearing + turn * k,
    elevation: mix(from.elevation ?? 0, to.elevation ?? 0),
  }
}

/** Whether the way is over. */
export const arrived = (since: number, now: number) => now - since >= FLIGHT_MS

function mercator([lon = 0, lat = 0]: number[]): [number, number] {
  return [lon / 360 + 0.5, 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)]
}

function lonLat([x, y]: [number, number]): [number, number] {
  return [(x - 0.5) * 360, (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90]
}

/** How far the server's clock is ahead of this one, by the quickest of the last answers. Milliseconds. */
export class ServerClock {
  private readonly tries: { trip: number; ahead: number }[] = []

  /** An answer: asked and heard by this clock, said by the server's. */
  hear(asked: number, said: number, heard: number): void {
    this.tries.push({ trip: heard - asked, ahead: said - (asked + heard) / 2 })
    if (this.tries.length > 12) this.tries.shift()
  }

  get ahead(): number {
    return this.tries.reduce((best, each) => (each.trip < best.trip ? each : best), this.tries[0] ?? { trip: 0, ahead: 0 }).ahead
  }
}
