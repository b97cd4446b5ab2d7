import type { LayerStore } from '../live/store'
import { type AreaIndex } from './areas'
import type { OpenIncident } from './incidents'

/** The figures of the left column that the copy of the live layers gives. */
export interface CameraFigures {
  total: number
  online: number
  offline: number
  fault: number
  unknown: number
}

export function cameraFigures(cameras: LayerStore): CameraFigures {
  const tally = cameras.tally('status')
  const of = (status: string) => tally.get(status) ?? 0
  const online = of('online')
  const offline = of('offline')
  const fault = of('fault')
  return { total: cameras.size, online, offline, fault, unknown: cameras.size - online - offline - fault }
}

export interface UnitFigures {
  total: number
  onDuty: number
  underWay: number
  onScene: number
}

export function unitFigures(units: LayerStore): UnitFigures {
  const tally = units.tally('status')
  return {
    total: units.size,
    onDuty: units.size - (tally.get('off_duty') ?? 0),
    underWay: tally.get('responding') ?? 0,
    onScene: tally.get('on_scene') ?? 0,
  }
}

/** States in which nobody has decided yet whether the building is illegal. */
const undecided = ['detected', 'issued', 'on_site']

export function detectionFigures(detections: LayerStore): { total: number; undecided: number } {
  const tally = detections.tally('state')
  return { total: detections.size, undecided: undecided.reduce((sum, state) => sum + (tally.get(state) ?? 0), 0) }
}

export interface PlaceLoad {
  path: string
  open: number
  urgent: number
}

/** Open cases by town, or by village, the most loaded first. Cases outside all areas are left out. */
export function loads(incidents: readonly OpenIncident[], areas: AreaIndex, level: 'town' | 'village'): PlaceLoad[] {
  const out = new Map<string, PlaceLoad>()
  for (const incident of incidents) {
    const path = areas.line(incident.areaPath).find((area) => area.level === level)?.path
    if (!path) continue
    const load = out.get(path) ?? { path, open: 0, urgent: 0 }
    load.open++
    if (incident.severity === 1) load.urgent++
    out.set(path, load)
  }
  return [...out.values()].sort((a, b) => b.open - a.open || b.urgent - a.urgent || (a.path < b.path ? -1 : 1))
}

export interface TownFigures extends PlaceLoad {
  detections: number
  camerasAbnormal: number
  unitsFree: number
}

/** One line a town for wide screens. Towns with nothing open stay: a wall shows the whole county. */
export function townFigures(areas: AreaIndex, incidents: readonly OpenIncident[], layers: { detection: LayerStore; camera: LayerStore; unit: LayerStore }): TownFigures[] {
  const towns = new Map<string, TownFigures>(
    areas.towns().map((town) => [town.path, { path: town.path, open: 0, urgent: 0, detections: 0, camerasAbnormal: 0, unitsFree: 0 }]),
  )
  const depth = (areas.towns()[0]?.path.split('.').length ?? 2)
  const townOf = (path: unknown) => (typeof path === 'string' ? towns.get(path.split('.', depth).join('.')) : undefined)
  for (const incident of incidents) {
    const town = townOf(incident.areaPath)
    if (!town) continue
    town.open++
    if (incident.severity === 1) town.urgent++
  }
  layers.detection.each('area_path', (_, path) => {
    const town = townOf(path)
    if (town) town.detections++
  })
  layers.camera.each('status', (id, status) => {
    if (status === 'online') return
    const town = townOf(layers.camera.value(id, 'area_path'))
    if (town) town.camerasAbnormal++
  })
  layers.unit.each('status', (id, status) => {
    if (status !== 'available') return
    const town = townOf(layers.unit.value(id, 'area_path'))
    if (town) town.unitsFree++
  })
  return [...towns.values()].sort((a, b) => b.urgent - a.urgent || b.open - a.open || (a.path < b.path ? -1 : 1))
}
