import type { Feature, Geometry } from 'geojson'
import type { GeoJSONSource } from 'maplibre-gl'

/** A feature with a numeric id, which MapLibre's diffs need. */
export interface MapFeature extends Feature<Geometry> {
  id: number
  properties: Record<string, unknown>
}

/**
 * After so many differences a source is given whole again. MapLibre's worker notes each tile that it cuts anew for a difference, and forgets
 * none of these notes before it is given the whole (geojson-vt 6.3.1: `tileCoords` is asked for names of tiles by their numbers): where units
 * move all day that would be a gigabyte. Sources are of hundreds of features, and a whole one costs no more than a few differences.
 */
const DIFFS = 300

/**
 * One GeoJSON source that is kept equal to a set of features by differences. It holds its own copy: after the graphics
 * context was lost `reset` gives the map everything again.
 */
export class DiffSource {
  private held = new Map<number, MapFeature>()
  private text = new Map<number, string>()
  private diffs = 0

  constructor(private readonly source: () => GeoJSONSource | undefined) {}

  /** Makes the source equal to the features. Costs nothing for those that did not change. */
  set(features: Iterable<MapFeature>): void {
    const next = new Map<number, MapFeature>()
    for (const feature of features) next.set(feature.id, feature)
    const remove = [...this.held.keys()].filter((id) => !next.has(id))
    for (const id of remove) this.text.delete(id)
    const add: MapFeature[] = []
    for (const [id, feature] of next) {
      const text = JSON.stringify(feature)
      if (this.text.get(id) === text) continue
      this.text.set(id, text)
      add.push(feature)
    }
    this.held = next
    if (add.length + remove.length === 0) return
    if (++this.diffs > DIFFS) this.whole()
    else void this.source()?.updateData({ add, remove })
  }

  /** The map's style is new: everything has to be given again. */
  reset(): void {
    if (this.held.size > 0) this.whole()
  }

  private whole(): void {
    this.diffs = 0
    void this.source()?.setData({ type: 'FeatureCollection', features: [...this.held.values()] })
  }
}
