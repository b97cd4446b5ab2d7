import type { Map as MapLibre } from 'maplibre-gl'

type DrawSky = MapLibre['painter']['drawFunctions']['sky']

/** Degrees of pitch below which no picture reaches the horizon: it comes into sight from above at 68, and the ground's mist begins here. */
const SEEN_FROM = 60

let drawn: DrawSky | undefined

/** Draws the sky only where it is in sight: MapLibre fills the picture with it each time, and makes its program for that after a lost graphics context. Maps share what draws it. */
export function drawSkyInSight({ painter: { drawFunctions } }: MapLibre): void {
  if (drawFunctions.sky === drawn) return
  const draw = drawFunctions.sky
  drawFunctions.sky = drawn = (mesh, frame) => {
    if (frame.transform.pitch >= SEEN_FROM) draw(mesh, frame)
  }
}
