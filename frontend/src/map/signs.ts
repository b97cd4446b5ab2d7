import type { LayerStore } from '../live/store'
import type { MapFeature } from './diffSource'
import { anchorOf, project } from './geo'
import { incidentIcon } from './icons'
import { type Sign, spread } from './spread'
import type { FeatureRef, LonLat } from './types'

/** What the placing of signs depends on besides the data. */
export interface SignView {
  zoom: number
  /** Degrees. */
  pitch: number
  bearing: number
  /** Size of text and signs. */
  scale: number
  /** Cases less grave than this are not shown. */
  severity?: number
}

/** Distance of two signs that do not touch, pixels at scale 1. */
const SPACING = 33

export interface SignFeatures {
  incident: MapFeature[]
  detection: MapFeature[]
}

interface Thing {
  ref: FeatureRef
  at: LonLat
  icon: string
  weight: number
  severity: number
}

/**
 * The signs of incidents and detections, placed so that none hides another. Incidents come before detections, the severe before
 * the ordinary; the selected one is before all, so that it is never only counted.
 */
export function signFeatures(incidents: LayerStore, detections: LayerStore, view: SignView, selected: FeatureRef | null = null): SignFeatures {
  const things = new Map<string, Thing>()
  for (const row of incidents.rows()) {
    const at = anchorOf(row.geometry)
    const severity = row.severity === 1 || row.severity === 2 ? row.severity : 3
    if (at && severity <= (view.severity ?? 3)) things.set(`incident/${row.id}`, { ref: { layer: 'incident', id: row.id }, at, icon: incidentIcon(severity, row.state), weight: severity, severity })
  }
  for (const row of detections.rows()) {
    const at = anchorOf(row.geometry)
    const icon = row.state === 'confirmed' ? 'detection-confirmed' : 'detection'
    if (at) things.set(`detection/${row.id}`, { ref: { layer: 'detection', id: row.id }, at, icon, weight: 4, severity: 0 })
  }
  const first = selected && things.get(`${selected.layer}/${selected.id}`)
  if (first) first.weight = 0
  const placed = placeSigns(things, view)
  const out: SignFeatures = { incident: [], detection: [] }
  for (const [key, { ref, at, icon, weight, severity }] of things) {
    const { dx, dy, count } = placed.get(key)!
    out[ref.layer as keyof SignFeatures].push({
      type: 'Feature',
      id: ref.id,
      geometry: { type: 'Point', coordinates: at },
      properties: {
        icon,
        severity,
        order: -weight, // later is on top
        offset: [dx, dy],
        count,
        moved: count === 1 && Math.hypot(dx, dy) > 3,
        badge: count > 1 ? [1.15 + dx / (12 * view.scale), -1.05 + dy / (12 * view.scale)] : [0, 0],
      },
    })
  }
  return out
}

function placeSigns(things: ReadonlyMap<string, Thing>, view: SignView): ReturnType<typeof spread> {
  const plane = planeOf(view)
  return spread(Array.from(things, ([key, { at, weight }]): Sign => ({ key, ...plane(at), weight })), SPACING * view.scale)
}

/** The plane of the screen, near enough: turned by the bearing, flattened by the pitch. */
function planeOf({ zoom, pitch, bearing }: SignView): (at: LonLat) => { x: number; y: number } {
  const turn = (-bearing * Math.PI) / 180
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const flat = Math.max(0.35, Math.cos((pitch * Math.PI) / 180))
  return (at) => {
    const { x, y } = project(at, zoom)
    return { x: x * cos - y * sin, y: (x * sin + y * cos) * flat }
  }
}

/** Sides on which a unit may stand beside a sign, the nearest to the eye first. */
const sides = [[1, 0.25], [-1, 0.25], [0.7, 0.85], [-0.7, 0.85], [0.7, -0.85], [-0.7, -0.85]] as const

/**
 * Pixels by which resting units stand aside, so that the sign of the case that they work on does not hide them. Units keep clear of
 * one another too. O(units × (signs + units)).
 */
export function unitsAside(units: Iterable<{ id: number; at: LonLat }>, { incident, detection }: SignFeatures, view: SignView): Map<number, [number, number]> {
  const plane = planeOf(view)
  const near = SPACING * view.scale * 0.8
  const taken: { x: number; y: number }[] = []
  for (const { geometry, properties } of [...incident, ...detection]) {
    if (geometry.type !== 'Point' || properties.count === 0) continue
    const { x, y } = plane(geometry.coordinates as LonLat)
    const [dx, dy] = properties.offset as [number, number]
    taken.push({ x: x + dx, y: y + dy })
  }
  const free = (x: number, y: number): boolean => taken.every((other) => Math.hypot(other.x - x, other.y - y) >= near)
  const out = new Map<number, [number, number]>()
  for (const { id, at } of units) {
    const { x, y } = plane(at)
    const side = free(x, y) ? null : sides.find(([sx, sy]) => free(x + sx * near, y + sy * near))
    const [dx, dy] = side ? [Math.round(side[0] * near), Math.round(side[1] * near)] : [0, 0]
    if (side) out.set(id, [dx, dy])
    taken.push({ x: x + dx, y: y + dy })
  }
  return out
}

/**
 * Which of the units that cover each other is on top: the higher id, on every screen of a wall and however the units came. A unit's turn is one
 * more than the highest turn of those below it, so there are no more turns than units lie in one heap: each turn is a call to the graphics card.
 * Turns of units of different looks are not compared. O(units × those around them).
 */
export function unitTurns(units: Iterable<{ id: number; at: LonLat; look: number }>, view: SignView): Map<number, number> {
  const plane = planeOf(view)
  const reach = SPACING * view.scale * 2.6 // a badge's width, and both may stand aside
  const grid = new Map<number, { x: number; y: number; turn: number }[]>()
  const keyOf = (cx: number, cy: number, look: number): number => (cx * 2 ** 21 + cy) * 3 + look // cells that share one are far apart: that costs time alone
  const out = new Map<number, number>()
  for (const { id, at, look } of [...units].sort((a, b) => a.id - b.id)) {
    const { x, y } = plane(at)
    const [cx, cy] = [Math.floor(x / reach), Math.floor(y / reach)]
    let turn = 0
    for (let gx = cx - 1; gx <= cx + 1; gx++) {
      for (let gy = cy - 1; gy <= cy + 1; gy++) {
        for (const below of grid.get(keyOf(gx, gy, look)) ?? []) {
          if (below.turn >= turn && Math.hypot(below.x - x, below.y - y) < reach) turn = below.turn + 1
        }
      }
    }
    const key = keyOf(cx, cy, look)
    const cell = grid.get(key)
    if (cell) cell.push({ x, y, turn })
    else grid.set(key, [{ x, y, turn }])
    out.set(id, turn)
  }
  return out
}
