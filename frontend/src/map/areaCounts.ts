import type { LayerStore } from '../live/store'
import type { MapArea } from './types'

/** Open incidents by area path, counted for every area on the way up to the county. */
export function openByPath(incidents: LayerStore): Map<string, number> {
  const counts = new Map<string, number>()
  incidents.each('area_path', (_, path) => {
    if (typeof path !== 'string') return
    for (let end = path.indexOf('.'); ; end = path.indexOf('.', end + 1)) {
      const prefix = end < 0 ? path : path.slice(0, end)
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
      if (end < 0) break
    }
  })
  return counts
}

/** Keeps the choropleth's numbers: which area ids changed, and everything again when the map forgot. */
export class AreaCounts {
  private applied = new Map<number, number>()

  constructor(private readonly set: (id: number, open: number) => unknown) {}

  apply(counts: ReadonlyMap<string, number>, areas: Iterable<Pick<MapArea, 'id' | 'path'>>): void {
    for (const { id, path } of areas) {
      const open = counts.get(path) ?? 0
      if ((this.applied.get(id) ?? 0) === open) continue
      this.applied.set(id, open)
      this.set(id, open)
    }
  }

  reapply(): void {
    for (const [id, open] of this.applied) this.set(id, open)
  }
}
