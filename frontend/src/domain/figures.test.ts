import { expect, test } from 'vitest'
import type { Area } from '../api/types'
import { LiveStore } from '../live/store'
import { AreaIndex, shortName } from './areas'
import { cameraFigures, detectionFigures, loads, townFigures, unitFigures } from './figures'
import type { OpenIncident } from './incidents'

function layer(name: string, columns: Record<string, (string | null)[]>) {
  const store = new LiveStore((run) => run()).layer(name)
  const values = Object.values(columns)
  store.load([{ type: 'snapshot', layer: name, token: 'e/1', more: false, columns: Object.keys(columns), ids: values[0]!.map((_, i) => i + 1), values }])
  return store
}

const area = (id: number, path: string, level: Area['level'], name: string): Area => ({ id, path, level, name, name_en: `${name} EN`, code: path.split('.').at(-1)!, center: [0, 0], bbox: [0, 0, 1, 1] })
const areas = new AreaIndex([
  area(1, 'c', 'county', '桐庐县'),
  area(2, 'c.a', 'town', '甲镇'),
  area(3, 'c.b', 'town', '乙镇'),
  area(4, 'c.a.x', 'village', '某村'),
])

const incident = (id: number, severity: 1 | 2 | 3, areaPath: string | null): OpenIncident => ({ id, number: '', title: '', category: '', severity, state: 'filed', areaPath, createdAt: 0, amberAt: null, dueAt: null, revision: 1, stage: 'waiting' })

test('cameras: every state is counted, and what is neither is unknown', () => {
  expect(cameraFigures(layer('camera', { status: ['online', 'online', 'offline', 'fault', 'unknown', null] }))).toEqual({ total: 6, online: 2, offline: 1, fault: 1, unknown: 2 })
})

test('units on duty are all but those off duty', () => {
  expect(unitFigures(layer('unit', { status: ['available', 'responding', 'on_scene', 'off_duty'] }))).toEqual({ total: 4, onDuty: 3, underWay: 1, onScene: 1 })
})

test('detections that await a verdict have not been confirmed yet', () => {
  expect(detectionFigures(layer('detection', { state: ['detected', 'issued', 'on_site', 'confirmed', 'rectified'] }))).toEqual({ total: 5, undecided: 3 })
})

test('load: a case in a village counts for its town; outside all areas for none', () => {
  const cases = [incident(1, 1, 'c.a.x'), incident(2, 3, 'c.a'), incident(3, 2, 'c.b'), incident(4, 2, null)]
  expect(loads(cases, areas, 'town')).toEqual([
    { path: 'c.a', open: 2, urgent: 1 },
    { path: 'c.b', open: 1, urgent: 0 },
  ])
  expect(loads(cases, areas, 'village')).toEqual([{ path: 'c.a.x', open: 1, urgent: 1 }])
})

test('towns: a line for each, the urgent first', () => {
  const rows = townFigures(areas, [incident(1, 1, 'c.b')], {
    detection: layer('detection', { area_path: ['c.a.x', 'c.b'] }),
    camera: layer('camera', { status: ['online', 'fault', 'offline'], area_path: ['c.a', 'c.a', null] }),
    unit: layer('unit', { status: ['available', 'off_duty'], area_path: ['c.b', 'c.b'] }),
  })
  expect(rows).toEqual([
    { path: 'c.b', open: 1, urgent: 1, detections: 1, camerasAbnormal: 0, unitsFree: 1 },
    { path: 'c.a', open: 0, urgent: 0, detections: 1, camerasAbnormal: 1, unitsFree: 0 },
  ])
})

test('a place is named from the town down, in the language of the screen', () => {
  expect(areas.place('c.a.x', 'zh')).toBe('甲镇 · 某村')
  expect(areas.place('c', 'en')).toBe('桐庐县 EN')
  expect(areas.place(null, 'zh')).toBe('')
  expect(areas.place('elsewhere', 'zh')).toBe('')
})

test('an English name can do without its level where that is plain', () => {
  const short = (name: string, name_en: string) => shortName({ name, name_en }, 'en')
  expect(short('桐君街道', 'Tongjun Subdistrict')).toBe('Tongjun')
  expect(short('莪山畲族乡', 'Eshan She Township')).toBe('Eshan She')
  expect(short('某村', '')).toBe('某村')
  expect(shortName({ name: '桐君街道', name_en: 'Tongjun Subdistrict' }, 'zh')).toBe('桐君街道')
})
