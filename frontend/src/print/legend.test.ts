import { describe, expect, test } from 'vitest'
import type { MapController } from '../map/types'
import { type Box, type Seen, legendOf, seenOn, seenTogether } from './legend'

const steps = [1, 2, 4, 8]
const seen = (change: Partial<Record<keyof Seen, unknown[]>>): Seen => {
  const set = (key: keyof Seen) => new Set(change[key] ?? []) as never
  return { parts: set('parts'), severities: set('severities'), besides: set('besides'), markings: set('markings'), statuses: set('statuses'), open: set('open'), ground: set('ground') }
}
const signs = (s: Seen) => legendOf(s, steps).map(({ sign }) => sign)

describe('the legend', () => {
  test.each([
    ['an empty map', {}, []],
    ['cases of two severities', { parts: ['incident'], severities: [3, 1] }, ['incident-1', 'incident-3']],
    ['a case that is being dealt with, chosen', { parts: ['incident'], severities: [1], besides: ['underway', 'radius', 'ring'] }, ['incident-1', 'underway', 'ring', 'radius']],
    ['what a chosen camera sees', { besides: ['wedge', 'ring'] }, ['ring', 'wedge']],
    ['a layer that is switched off though its things are there', { severities: [1], statuses: ['online'], open: [3] }, []],
    ['cameras in the states that are seen', { parts: ['camera'], statuses: ['fault', 'online'] }, ['camera-online', 'camera-fault']],
    ['tints that are seen', { parts: ['choropleth'], open: [0, 3, 9] }, ['load-0', 'load-2', 'load-4']],
    ['what is drawn on the map, by kind, and how to tell what is wanted from what is there', { parts: ['marking'], markings: ['roadblock', 'planned', 'command_post', 'actual'] }, ['marking-command_post', 'marking-roadblock', 'standing-planned', 'standing-actual']],
    ['names are read, not explained', { parts: ['place'] }, []],
    ['a layer that is not known here', { parts: ['hydrant'] }, ['other']],
    ['the ground', { ground: ['water', 'area-town', 'road-major'] }, ['area-town', 'road-major', 'water']],
    ['all of it, what is worked on first', { parts: ['terrain', 'building', 'unit_grid', 'unit', 'detection', 'incident'], severities: [2] }, ['incident-2', 'detection', 'unit', 'unit_grid', 'building', 'terrain']],
  ])('%s', (_, what, expected) => expect(signs(seen(what))).toEqual(expected))

  test('tints say how many open cases they mean', () => {
    expect(legendOf(seen({ parts: ['choropleth'], open: [0, 1, 2, 5, 20] }), steps).map(({ values }) => values!.range)).toEqual(['0', '1', '2–3', '4–7', '≥8'])
  })
})

describe('what a map has drawn', () => {
  const drawn = [
    { layer: { id: 'incident', metadata: { part: 'incident' } }, properties: { severity: 2, icon: 'severity-2-underway' }, state: {} },
    { layer: { id: 'radius', source: 'selection' }, properties: { kind: 'radius' }, state: {} },
    { layer: { id: 'camera', metadata: { part: 'camera' } }, properties: {}, state: { status: 'offline' } },
    { layer: { id: 'camera', metadata: { part: 'camera' } }, properties: {}, state: {} },
    { layer: { id: 'marking-fill', source: 'marking' }, properties: { kind: 'closed_area', standing: 'planned' }, state: {} },
    { layer: { id: 'area-town-fill', metadata: { part: 'choropleth' } }, properties: {}, state: { open: 4 } },
    { layer: { id: 'area-town' }, properties: {}, state: {} },
    { layer: { id: 'road' }, properties: { rank: 2 }, state: {} },
    { layer: { id: 'landuse' }, properties: { kind: 'forest' }, state: {} },
    { layer: { id: 'waterway' }, properties: {}, state: {} },
  ]
  const map = { queryRenderedFeatures: () => drawn, getLayer: () => ({}), getLayoutProperty: () => undefined } as unknown as MapController['engine']

  test('is in the legend', () => {
    expect(signs(seenOn(map, false))).toEqual(['incident-2', 'underway', 'radius', 'camera-online', 'camera-offline', 'load-3', 'marking-closed_area', 'standing-planned', 'area-town', 'road-major', 'water', 'green', 'terrain'])
  })

  test('but not what a photograph lies over', () => {
    expect(signs(seenOn(map, true))).toEqual(['incident-2', 'underway', 'radius', 'camera-online', 'camera-offline', 'marking-closed_area', 'standing-planned', 'area-town'])
  })

  test('is asked for in the slice alone, and what is on any slice is on the sheet', () => {
    const at = (box?: Box) => drawn.filter((_, i) => box === undefined || (i >= box[0][0] && i < box[1][0]))
    const slices = { ...map, queryRenderedFeatures: at, getLayer: () => undefined } as unknown as MapController['engine']
    const [first, second] = [seenOn(slices, false, [[0, 0], [3, 1]]), seenOn(slices, false, [[3, 0], [6, 1]])]
    expect(signs(first)).toEqual(['incident-2', 'underway', 'radius', 'camera-offline'])
    expect(signs(seenTogether([first, second]))).toEqual(['incident-2', 'underway', 'radius', 'camera-online', 'camera-offline', 'load-3', 'marking-closed_area', 'standing-planned'])
    expect(signs(seenTogether([]))).toEqual([])
  })

  test('is no bound where a tile cuts an area off', () => {
    const area = (ring: number[][]) => [{ layer: { id: 'area-county' }, properties: {}, state: {}, geometry: { type: 'Polygon', coordinates: [ring] } }]
    const on = (ring: number[][]) => signs(seenOn({ queryRenderedFeatures: () => area(ring), getLayer: () => undefined, project: ([x, y]: [number, number]) => ({ x, y }) } as unknown as MapController['engine'], false, [[0, 0], [10, 10]]))
    expect(on([[5, -20], [5, 30], [40, 31], [41, -20], [5, -20]])).toEqual([])
    expect(on([[5, -20], [5, 4], [40, 6], [41, -20], [5, -20]])).toEqual(['area-county'])
  })
})
