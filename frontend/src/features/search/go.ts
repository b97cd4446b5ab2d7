import type { Hit } from '../../api/types'
import { go, paths, place, select } from '../../app/router'
import { theMap } from '../../app/workbench'
import type { MapController } from '../../map/types'
import type { IconName } from '../../ui/icons'

export const hitIcons: Record<Hit['kind'], IconName> = { incident: 'incident', unit: 'unit', camera: 'camera', area: 'area', unit_grid: 'layers', place: 'place', coordinate: 'coordinate' }

/** Flies to what was found and, where it is a thing, selects it; a view without a map is left for the situation. */
export function goTo(hit: Hit): void {
  const thing = hit.id !== undefined && hit.kind !== 'place' && hit.kind !== 'coordinate' && hit.kind !== 'unit_grid' ? { layer: hit.kind, id: hit.id } : null
  if (!theMap.get()) go(paths.situation, thing)
  onMap((map) => {
    if (hit.bbox) map.flyTo(hit.bbox as [number, number, number, number])
    else map.flyTo(hit.point as [number, number], { zoom: hit.kind === 'coordinate' || hit.kind === 'place' ? 15 : 16.5 })
    if (thing) select(thing)
    else if (place().selection === null && !hit.bbox) map.mark(hit.point as [number, number])
  })
}

/** Does it with the map, once there is one. */
export function onMap(then: (map: MapController) => void): void {
  const map = theMap.get()
  if (map) return then(map)
  const stop = theMap.watch(() => {
    const map = theMap.get()
    if (!map) return
    stop()
    then(map)
  })
  setTimeout(stop, 20_000) // nobody waits for longer
}
