/** One tile of the Web Mercator grid. */
export interface TileId {
  z: number
  x: number
  y: number
}

const MAX_NAMES = 4000
const MAX_LOADED = 4000

/**
 * Knows which tiles on the screen are older than the data. The server names tiles whose geometry changed; a tile is stale when it, a
 * tile inside it or a tile around it was named after it was asked for. MapLibre keeps tiles it does not show and brings them back
 * without asking, so names are remembered until those too have been renewed.
 */
export class TileFreshness {
  private now = 0
  /** When everything became stale. */
  private all = 0
  /** Named tile → when. */
  private named = new Map<string, { tile: TileId; at: number }>()
  /** Tile → when it was asked for last. */
  private loaded = new Map<string, number>()

  /** The server named tiles "z/x/y", or all. */
  name(tiles: Iterable<string> | 'all'): void {
    this.now++
    if (tiles !== 'all') {
      for (const key of tiles) {
        const [z, x, y] = key.split('/').map(Number)
        if (z === undefined || x === undefined || y === undefined || ![z, x, y].every(Number.isInteger)) continue
        this.named.delete(key) // to the end of the order
        this.named.set(key, { tile: { z, x, y }, at: this.now })
      }
    }
    if (tiles === 'all' || this.named.size > MAX_NAMES) {
      this.all = this.now
      this.named.clear()
    }
  }

  /** A tile is being asked for: what was named before is in the answer. */
  requested({ z, x, y }: TileId): void {
    const key = `${z}/${x}/${y}`
    this.loaded.delete(key)
    this.loaded.set(key, this.now)
    if (this.loaded.size > MAX_LOADED) this.loaded.delete(this.loaded.keys().next().value!) // far more than MapLibre keeps
  }

  /** Of the given tiles, those whose content is older than the data. They stay so until they are requested again. */
  stale(tiles: readonly TileId[]): TileId[] {
    return tiles.filter((tile) => {
      const at = this.loaded.get(`${tile.z}/${tile.x}/${tile.y}`)
      return at !== undefined && at < this.now && this.changedAt(tile) > at
    })
  }

  private changedAt(tile: TileId): number {
    let at = this.all
    for (const named of this.named.values()) if (named.at > at && related(named.tile, tile)) at = named.at
    return at
  }
}

/** Whether one of the tiles holds the other. */
function related(a: TileId, b: TileId): boolean {
  const [outer, inner] = a.z <= b.z ? [a, b] : [b, a]
  const shift = 2 ** (inner.z - outer.z)
  return Math.floor(inner.x / shift) === outer.x && Math.floor(inner.y / shift) === outer.y
}
