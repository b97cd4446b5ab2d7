import { describe, expect, it, vi } from 'vitest'
import { LiveStore } from '../live/store'
import type { Value } from '../live/protocol'
import { manualSchedule } from '../live/testing'
import { AreaCounts, openByPath } from './areaCounts'
import { CameraStates } from './cameraStates'
import { DiffSource, type MapFeature } from './diffSource'
import { Motion } from './motion'
import { PULSE_MS, Pulse, beat } from './pulse'
import { selectionFeatures } from './selection'
import { signFeatures, unitTurns, unitsAside } from './signs'

const point = (lon: number, lat = 0) => ({ type: 'Point' as const, coordinates: [lon, lat] })

/** A store layer that is told rows as a server would tell them. */
function layer(columns: string[]) {
  const { schedule, flush } = manualSchedule()
  const store = new LiveStore(schedule).layer('test')
  const rows = (list: [number, ...Value[]][]) => ({ ids: list.map(([id]) => id), values: columns.map((_, c) => list.map((row) => row[c + 1] as Value)) })
  return {
    store,
    flush,
    load: (list: [number, ...Value[]][], geometry = list.map(([id]) => point(id / 1000))) =>
      store.load([{ type: 'snapshot', layer: 'test', token: 't', columns, more: false, geometry, ...rows(list) }]),
    diff: (list: [number, ...Value[]][], removed: number[] = [], geometry = list.map(([id]) => point(id / 1000))) =>
      store.apply({ type: 'diff', layer: 'test', token: 't', removed, geometry, ...rows(list) }),
  }
}

describe('camera states', () => {
  it('touches abnormal cameras and those that recover, nothing else', () => {
    const { store, load, diff, flush } = layer(['status'])
    const set = vi.fn()
    const states = new CameraStates(store, { set })
    store.subscribe((change) => states.apply(change))
    load([[1, 'online'], [2, 'offline'], [3, 'fault'], [4, 'online']])
    flush()
    expect(set.mock.calls).toEqual([[2, 'offline'], [3, 'fault']])
    set.mockClear()
    diff([[2, 'online'], [3, 'fault'], [4, 'unknown']])
    flush()
    expect(set.mock.calls).toEqual([[2, 'online'], [4, 'unknown']])
    set.mockClear()
    diff([], [4])
    flush()
    expect(set.mock.calls).toEqual([[4, 'online']])
    set.mockClear()
    states.reapply()
    expect(set.mock.calls).toEqual([[3, 'fault']])
  })

  it('ends a fault that a new snapshot does not know', () => {
    const { store, load, flush } = layer(['status'])
    const set = vi.fn()
    const states = new CameraStates(store, { set })
    store.subscribe((change) => states.apply(change))
    load([[1, 'fault']])
    flush()
    load([[1, 'online']])
    flush()
    expect(set.mock.calls).toEqual([[1, 'fault'], [1, 'online']])
  })
})

describe('open incidents by area', () => {
  it('count on every level up to the county', () => {
    const { store, load } = layer(['area_path'])
    load([[1, 'c.t1.v1'], [2, 'c.t1.v2'], [3, 'c.t2'], [4, null]])
    expect(openByPath(store)).toEqual(new Map([['c', 3], ['c.t1', 2], ['c.t1.v1', 1], ['c.t1.v2', 1], ['c.t2', 1]]))
  })

  it('go to the map only where they changed', () => {
    const set = vi.fn()
    const areas = [{ id: 1, path: 'c' }, { id: 2, path: 'c.t1' }, { id: 3, path: 'c.t2' }]
    const counts = new AreaCounts(set)
    counts.apply(new Map([['c', 2], ['c.t1', 2]]), areas)
    counts.apply(new Map([['c', 2], ['c.t2', 2]]), areas)
    expect(set.mock.calls).toEqual([[1, 2], [2, 2], [2, 0], [3, 2]])
    set.mockClear()
    counts.reapply()
    expect(set).toHaveBeenCalledTimes(3)
  })
})

describe('the diff of a source', () => {
  const feature = (id: number, lon: number): MapFeature => ({ type: 'Feature', id, geometry: point(lon), properties: {} })

  it('sends what changed, and everything after a reset', () => {
    const source = { updateData: vi.fn(), setData: vi.fn() }
    const diff = new DiffSource(() => source as never)
    diff.set([feature(1, 1), feature(2, 2)])
    diff.set([feature(1, 1), feature(2, 3), feature(4, 4)])
    diff.set([feature(1, 1), feature(4, 4)])
    diff.set([feature(1, 1), feature(4, 4)])
    expect(source.updateData.mock.calls.map(([d]) => ({ add: (d as { add: MapFeature[] }).add.map((f) => f.id), remove: (d as { remove: number[] }).remove }))).toEqual([
      { add: [1, 2], remove: [] },
      { add: [2, 4], remove: [] },
      { add: [], remove: [2] },
    ])
    diff.reset()
    expect(source.setData.mock.calls[0]![0].features.map((f: MapFeature) => f.id)).toEqual([1, 4])
  })

  it('gives the whole now and then, so that what the map keeps of differences has an end', () => {
    let there: number[] = []
    let since = 0
    let most = 0
    const source = {
      updateData: ({ add, remove }: { add: MapFeature[]; remove: number[] }) => {
        there = [...there.filter((id) => !remove.includes(id) && !add.some((f) => f.id === id)), ...add.map((f) => f.id)]
        most = Math.max(most, ++since)
      },
      setData: ({ features }: { features: MapFeature[] }) => {
        there = features.map((f) => f.id)
        since = 0
      },
    }
    const diff = new DiffSource(() => source as never)
    for (let i = 0; i < 2000; i++) {
      const now = i % 7 === 6 ? [] : [feature(1, i), feature(2 + (i % 3), 1)]
      diff.set(now)
      expect(there.toSorted()).toEqual(now.map((f) => f.id))
    }
    expect(most).toBe(300)
  })
})

describe('motion', () => {
  it('glides from where a thing is shown to its new fix, in the time between the last two', () => {
    const { store, load, diff, flush } = layer(['kind'])
    const motion = new Motion()
    let now = 1000
    store.subscribe((change) => motion.apply(store, change, now, true))
    load([[1, 'team']], [point(10)])
    flush()
    expect(motion.at(1, now)).toEqual([10, 0])
    expect(motion.moving(now)).toBe(false)
    now = 3000
    diff([[1, 'team']], [], [point(12)])
    flush()
    expect(motion.at(1, 3000)).toEqual([10, 0])
    expect(motion.at(1, 4000)).toEqual([11, 0])
    expect(motion.at(1, 9000)).toEqual([12, 0])
    now = 4000 // the next fix comes early: no jump
    diff([[1, 'team']], [], [point(20)])
    flush()
    expect(motion.at(1, 4000)).toEqual([11, 0])
    expect(motion.at(1, 5000)).toEqual([20, 0])
  })

  it('jumps after a long silence, and forgets what is gone', () => {
    const { store, load, diff, flush } = layer(['kind'])
    const motion = new Motion()
    let now = 0
    store.subscribe((change) => motion.apply(store, change, now, true))
    load(Array.from({ length: 200 }, (_, i) => [i + 1, 'team']))
    flush()
    now = 60_000
    diff([[200, 'team']], [1], [point(5)])
    flush()
    expect(motion.at(200, now)).toEqual([5, 0])
    expect(motion.at(1, now)).toBeUndefined()
    expect(motion.keys).toHaveLength(199)
  })
})

describe('the pulse', () => {
  const started = () => {
    const l = layer(['severity'])
    const pulse = new Pulse()
    l.store.subscribe((change) => pulse.apply(l.store, change, 0))
    l.load([[1, 1]])
    l.flush()
    return { ...l, pulse, ids: (now: number) => pulse.features(l.store, now).map((f) => f.id) }
  }

  it('is only for new incidents of severity 1, and ends', () => {
    const { diff, flush, ids } = started()
    expect(ids(1)).toEqual([]) // was there when the page opened
    diff([[2, 1], [3, 2], [1, 1]])
    flush()
    expect(ids(1)).toEqual([2])
    expect(ids(PULSE_MS + 1)).toEqual([])
  })

  it('ends when the case does, and begins after a new snapshot only for what is new', () => {
    const { diff, load, flush, ids } = started()
    diff([[2, 1]])
    flush()
    load([[1, 1], [5, 1]])
    flush()
    expect(ids(1)).toEqual([5])
  })

  it('stands still where motion is not wanted', () => {
    expect(beat(100, true)).toEqual(beat(900, true))
    expect(beat(100, false)).not.toEqual(beat(900, false))
  })
})

describe('signs', () => {
  const view = { zoom: 10, pitch: 0, bearing: 0, scale: 1 }
  const detections = layer(['state']).store

  it('fan out where they meet and say that they moved', () => {
    const { store, load } = layer(['severity', 'state'])
    load([[1, 3, 'filed'], [2, 1, 'handling']], [point(0), point(0)])
    const { incident } = signFeatures(store, detections, view)
    expect(incident.map((f) => f.properties)).toMatchObject([
      { icon: 'severity-3', count: 1, moved: true },
      { icon: 'severity-1-underway', count: 1, moved: true },
    ])
  })

  it('never count the selected one away', () => {
    const { store, load } = layer(['severity', 'state'])
    load(Array.from({ length: 20 }, (_, i) => [i + 1, 1 + (i % 3), 'filed']), Array.from({ length: 20 }, () => point(0)))
    const shown = (id: number | null) => signFeatures(store, detections, view, id === null ? null : { layer: 'incident', id }).incident.filter((f) => Number(f.properties.count) > 0)
    expect(shown(null).map((f) => f.id)).toEqual([1])
    expect(shown(18).map((f) => f.id)).toEqual([18])
    expect(shown(18)[0]!.properties.count).toBe(20)
  })

  it('leave room for the units that work at them', () => {
    const { store, load } = layer(['severity', 'state'])
    load([[1, 1, 'handling']], [point(0)])
    const signs = signFeatures(store, detections, view)
    const unit = (id: number, lon: number) => ({ id, at: [lon, 0] as [number, number] })
    const aside = unitsAside([unit(1, 0), unit(2, 0), unit(3, 1)], signs, view)
    expect([...aside.keys()]).toEqual([1, 2]) // the third stands alone
    const [a, b] = [aside.get(1)!, aside.get(2)!]
    for (const [x, y] of [a, b]) expect(Math.hypot(x, y)).toBeGreaterThan(25)
    expect(Math.hypot(a[0] - b[0], a[1] - b[1])).toBeGreaterThan(25)
  })
})

describe('units that cover each other', () => {
  const view = { zoom: 10, pitch: 0, bearing: 0, scale: 1 }
  const unit = (id: number, lon: number, look = 1) => ({ id, at: [lon, 0] as [number, number], look })

  it('lie in the order of their ids, however they came', () => {
    const heap = Array.from({ length: 40 }, (_, i) => unit(1 + i * 16, (i % 7) * 0.004))
    const turns = unitTurns(heap, view)
    expect(unitTurns(heap.toReversed(), view)).toEqual(turns)
    const ordered = [...turns].sort(([a], [b]) => a - b).map(([, turn]) => turn)
    expect(ordered).toEqual(ordered.map((_, i) => i)) // all within one reach
  })

  it('need no more turns than lie in one heap', () => {
    const turns = unitTurns([unit(1, 0), unit(2, 0.001), unit(3, 1), unit(4, 2), unit(5, 0, 2)], view)
    expect(Object.fromEntries(turns)).toEqual({ 1: 0, 2: 1, 3: 0, 4: 0, 5: 0 })
  })
})

it('shows what a camera sees only where the registry says it', () => {
  const camera = { ref: { layer: 'camera', id: 1 }, at: [119.7, 29.8] as [number, number], offset: [0, 0] as const }
  const kinds = (azimuthDeg: number | null, fovDeg: number | null, rangeM: number | null) => selectionFeatures({ ...camera, azimuthDeg, fovDeg, rangeM }).map((f) => f.properties.kind)
  expect(kinds(90, 60, 120)).toEqual(['ring', 'wedge', 'walls'])
  expect(kinds(null, 360, 120)).toEqual(['ring', 'wedge', 'walls'])
  expect(kinds(null, 60, 120)).toEqual(['ring'])
  expect(kinds(90, 60, null)).toEqual(['ring'])
  expect(selectionFeatures(null)).toEqual([])
})
