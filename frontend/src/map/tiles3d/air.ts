import type { LightSpecification, SkySpecification } from 'maplibre-gl'
import type { Tokens } from '../../tokens/tokens'
import type { Bbox } from '../types'
import { LIGHT_STEP_MS, type Sun, sunAt } from './sun'

/** Degrees from the zenith between which the light stays: houses have lit and shaded walls at every hour. */
const HIGH = 20
const LOW = 65
/** The sun's altitude above which it is day and below which it is night; at the horizon it is dusk. */
const DAY = 12
const NIGHT = -10
/** By night sides are told apart less. */
const NIGHT_RELIEF = 0.75

/** Light and sky of this quarter of an hour over a county, the same on all screens of a wall. */
export function airAt(ms: number, [west, south, east, north]: Bbox, tokens: Tokens): { light: LightSpecification; sky: SkySpecification } {
  return air(tokens, sunAt(Math.floor(ms / LIGHT_STEP_MS) * LIGHT_STEP_MS, [(west + east) / 2, (south + north) / 2]))
}

/** Little of each: the sky is of the theme at every hour, the light is the sun's by day and comes from the south-west by night, as on drawn maps. */
export function air({ map }: Tokens, { azimuth, altitude }: Sun): { light: LightSpecification; sky: SkySpecification } {
  const sky = hour(map.sky, altitude)
  const horizon = hour(map.horizon, altitude)
  const day = altitude > 0
  return {
    light: {
      anchor: 'map',
      color: hour(map.light, altitude),
      intensity: map.relief * (day ? 1 : NIGHT_RELIEF),
      position: day ? [1.4, Math.round(azimuth), Math.round(Math.min(LOW, Math.max(HIGH, 90 - altitude)))] : [1.4, 215, 42],
    },
    sky: {
      'sky-color': sky,
      'horizon-color': horizon,
      'fog-color': horizon, // the ground goes over into the sky
      'sky-horizon-blend': 0.6,
      'horizon-fog-blend': 0.7,
      'fog-ground-blend': 0.75,
      'atmosphere-blend': 0,
    },
  }
}

/** Between the colours of night, dusk and day. */
function hour([night, dusk, day]: readonly [string, string, string], altitude: number): string {
  return altitude > 0 ? mix(dusk, day, Math.min(1, altitude / DAY)) : mix(dusk, night, Math.min(1, altitude / NIGHT))
}

function mix(a: string, b: string, share: number): string {
  const part = (of: string, at: number): number => parseInt(of.slice(at, at + 2), 16)
  return `#${[1, 3, 5].map((at) => Math.round(part(a, at) + (part(b, at) - part(a, at)) * share).toString(16).padStart(2, '0')).join('')}`
}
