// What a map does not need to begin: loaded beside it.
import type { Map as MapLibre } from 'maplibre-gl'
import { outlastLosses } from './restored'
import { drawSkyInSight } from './tiles3d/horizon'

export { airAt } from './tiles3d/air'

export function tend(map: MapLibre): void {
  outlastLosses(map)
  drawSkyInSight(map)
}
