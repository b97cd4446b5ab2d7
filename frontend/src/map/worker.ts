import maplibreWorkerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { prewarm, setWorkerUrl } from 'maplibre-gl'

// To be imported by whatever makes a map. The worker outlives its maps: else it would end with the style when the graphics context is lost,
// and a new one takes a third of a second to begin.
setWorkerUrl(maplibreWorkerUrl)
prewarm()
