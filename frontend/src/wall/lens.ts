import { EdgeInsets, type Map as MapLibre, Point } from 'maplibre-gl'
import { verticalFov } from '../map/viewport'
import { MARGIN, type Slice, opticsOf, paddingOf } from './slice'

/** MapLibre's own bounds for how many zoom levels a tilted view mixes; stated here, since they are asked by the whole view's lens. */
const ZOOM_LEVELS = 9.314
const TILE_RATIO = 3

let freed = false

/**
 * MapLibre keeps the centre of perspective inside of the canvas; that of a wall lies on one screen, or none. Maps without such a lens are
 * not touched by it: their padding is smaller than they are.
 */
function freeCenter(): void {
  if (freed) return
  freed = true
  EdgeInsets.prototype.getCenter = function (width: number, height: number) {
    return new Point((this.left + width - this.right) / 2, (this.top + height - this.bottom) / 2)
  }
}

interface Placing {
  map: MapLibre
  placement?: { prevPlacement?: unknown }
  _updatePlacement: (...args: unknown[]) => boolean
  _releaseSymbolFadeTiles: () => void
}

let forgets = false

/**
 * Makes a picture's names those of its view alone, not of the way to it. MapLibre leaves a name on that side of its place on which it stood
 * before: here each placement begins with nothing. It also takes names from tiles of a zoom that was left (held for fading), whose places are
 * rounded otherwise, and then rests without them: here such a tile goes before names are placed, since nothing fades (fadeDuration is 0, by
 * which a placement is also made whole in one frame).
 */
function forgetTheWay(map: MapLibre): void {
  if (forgets) return
  forgets = true
  const styles = Object.getPrototypeOf(map.style) as Placing
  const place = styles._updatePlacement
  styles._updatePlacement = function (...args) {
    const before = this.placement
    if (!before || !wholeLens.has(this.map)) return place.apply(this, args)
    this._releaseSymbolFadeTiles()
    before.prevPlacement = undefined // else each would hold on to the one before
    this.placement = Object.create(before, { variableOffsets: { value: {} }, placedOrientations: { value: {} } }) as object
    const said = this.placement
    const changes = place.apply(this, args)
    if (this.placement === said) this.placement = before
    return changes
  }
}

type ZoomOf = (zoom: number, distance: number, height: number, center: number, fov: number) => number

/** Makes a map draw its slice of the whole view, and a margin around it. To be called for each new size. */
export function setLens(map: MapLibre, slice: Slice, margin = MARGIN): void {
  freeCenter()
  forgetTheWay(map)
  const fov = verticalFov(slice.whole.width, slice.whole.height)
  const optics = opticsOf(slice, fov, margin)
  map.setCenterClampedToGround(false) // most screens do not have the heights of the centre
  map.setVerticalFieldOfView(optics.fov)
  map.setPadding(paddingOf(optics))
  const seen = wholeLens.get(map)
  wholeLens.set(map, fov)
  if (seen !== undefined) return
  const levels = new WeakSet<object>()
  map.on('sourcedata', ({ sourceId }) => { // in a tilted view the lens decides which tiles are coarse
    const source = map.getSource(sourceId) as { calculateTileZoom?: ZoomOf } | undefined
    if (!source || levels.has(source)) return
    levels.add(source)
    map.setSourceTileLodParams(ZOOM_LEVELS, TILE_RATIO, sourceId)
    const ask = source.calculateTileZoom
    if (ask) source.calculateTileZoom = (zoom, distance, height, center) => ask(zoom, distance, height, center, wholeLens.get(map)!)
  })
}

const wholeLens = new WeakMap<MapLibre, number>()
