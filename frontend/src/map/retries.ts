import type { Map as MapLibre } from 'maplibre-gl'
import type { TileId } from './freshness'

const FIRST_MS = 3000
const LONGEST_MS = 60_000

/**
 * Asks again for tiles that failed, after a wait that doubles as long as any fails: MapLibre itself leaves a hole where the server or the
 * network was away for a moment, until somebody moves the map, and nobody moves a wall.
 */
export class Retries {
  private readonly failed = new Map<string, Map<string, TileId>>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private wait = FIRST_MS

  constructor(private readonly map: Pick<MapLibre, 'getSource' | 'refreshTiles'>) {}

  add(source: string, { z, x, y }: TileId): void {
    let tiles = this.failed.get(source)
    if (!tiles) this.failed.set(source, (tiles = new Map()))
    tiles.set(`${z}/${x}/${y}`, { z, x, y })
    if (this.timer !== undefined) return
    this.timer = setTimeout(this.again, this.wait)
    this.wait = Math.min(LONGEST_MS, this.wait * 2)
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private again = (): void => {
    this.timer = undefined
    const asked = [...this.failed]
    this.failed.clear()
    for (const [source, tiles] of asked) if (this.map.getSource(source)) this.map.refreshTiles(source, [...tiles.values()])
    // what fails again is added again; when nothing was by the next time, the next failure is a first one
    const wait = this.wait
    setTimeout(() => {
      if (this.failed.size === 0 && this.timer === undefined && this.wait === wait) this.wait = FIRST_MS
    }, LONGEST_MS)
  }
}
