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
    if (at) things.set(`incident/${row.id}`, { ref: { layer: 'incident', id: row.id }, at, icon: incidentIcon(severity, row.state), weight: severity, severity })
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
  // the plane of the screen, near enough: turned by the bearing, flattened by the pitch
  const turn = (-view.bearing * Math.PI) / 180
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const flat = Math.max(0.35, Math.cos((view.pitch * Math.PI) / 180))
  const signs: Sign[] = []
  for (const [key, { at, weight }] of things) {
    const { x, y } = project(at, view.zoom)
    signs.push({ key, x: x * cos - y * sin, y: (x * sin + y * cos) * flat, weight })
  }
  return spread(signs, SPACING * view.scale)
}
