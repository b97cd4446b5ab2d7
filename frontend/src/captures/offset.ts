import type { LonLat } from '../lib/geo'

/** How B has to be moved to lie on A: metres, and how sure the measurement is, 0 to 1. */
export interface Offset {
  east_m: number
  north_m: number
  quality: number
}

/** Below this nothing was measured. */
export const MEASURED = 0.1
/** From here on B is moved by itself. */
const SURE = 0.3
/** Metres: more is no misregistration of a flight with control points but another place, or a pattern that repeats itself. */
const FAR = 5
/** Metres: less is not seen. */
const NEAR = 0.02

/** Whether B may be moved by itself: `safe`, or why not. */
export function verdictOn({ east_m, north_m, quality }: Offset): 'safe' | 'unsure' | 'far' | 'near' {
  const size = Math.hypot(east_m, north_m)
  if (size < NEAR) return 'near'
  if (quality < SURE) return 'unsure'
  return size > FAR ? 'far' : 'safe'
}

const METRES_A_DEGREE = 111_320

/** A place moved by metres: to a millimetre over a few metres. */
export const moved = ([lon, lat]: LonLat, east: number, north: number): LonLat => [lon + east / (METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180)), lat + north / METRES_A_DEGREE]
