const radians = Math.PI / 180

export interface Sun {
  /** Degrees clockwise from north, and above the horizon. */
  azimuth: number
  altitude: number
}

/** Where the sun stands at a moment and a place, to a tenth of a degree or so: the low-precision formulas of the Astronomical Almanac. */
export function sunAt(ms: number, [lon, lat]: readonly [number, number]): Sun {
  const days = ms / 86_400_000 - 10_957.5 // since noon of 1 January 2000
  const mean = (280.46 + 0.9856474 * days) * radians
  const anomaly = (357.528 + 0.9856003 * days) * radians
  const ecliptic = mean + (1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * radians
  const tilt = (23.439 - 0.0000004 * days) * radians
  const right = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic))
  const declination = Math.asin(Math.sin(tilt) * Math.sin(ecliptic))
  const sidereal = ((18.697374558 + 24.06570982441908 * days) * 15 + lon) * radians
  const hour = sidereal - right
  const phi = lat * radians
  const altitude = Math.asin(Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hour))
  const azimuth = Math.atan2(-Math.sin(hour), Math.tan(declination) * Math.cos(phi) - Math.sin(phi) * Math.cos(hour))
  return { azimuth: ((azimuth / radians) % 360 + 360) % 360, altitude: altitude / radians }
}

/** Light changes in steps, so that the screens of a wall agree about it and nothing is drawn anew for its sake alone. */
export const LIGHT_STEP_MS = 15 * 60_000
