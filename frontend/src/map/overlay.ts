import type { Map as MapLibre } from 'maplibre-gl'
import { useEffect, useState } from 'react'
import type { LonLat } from './types'

/** Renders the component again with every frame that the map draws, for what is drawn over it: a change of theme or a lost context leaves that as it is. */
export function useFrames(map: MapLibre): { width: number; height: number } {
  const [, draw] = useState(0)
  useEffect(() => {
    const drawn = () => draw((n) => n + 1)
    const heard = map.on('render', drawn)
    return () => heard.unsubscribe()
  }, [map])
  const { clientWidth: width, clientHeight: height } = map.getContainer()
  return { width, height }
}

/** The path of a way on the screen, for SVG; what lies behind the eye is left out. */
export function pathOn(map: MapLibre, way: readonly LonLat[]): string {
  const { clientWidth, clientHeight } = map.getContainer()
  const far = 20 * Math.max(clientWidth, clientHeight) // what lies behind the eye ends up anywhere
  let pen = 'M'
  let path = ''
  for (const at of way) {
    const { x, y } = map.project(at)
    if (!(Math.abs(x) < far && Math.abs(y) < far)) {
      pen = 'M'
      continue
    }
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`
    pen = 'L'
  }
  return path
}
