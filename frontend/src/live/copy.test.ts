import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { parseBulk } from './bulk'
import { Copy } from './copy'
import { ProtocolError, parseFrame, type Value } from './protocol'
import { type LayerChange, LiveStore } from './store'
import { FakeLayer, contents, manualSchedule } from './testing'

function newCopy() {
  const { schedule, flush } = manualSchedule()
  const live = new LiveStore(schedule)
  const copy = new Copy(live)
  copy.want({ layer: 'camera', geometry: false })
  return { live, copy, flush, layer: live.layer('camera') }
}

/** What a server answers to a subscription. */
function answer(server: FakeLayer, token: string | null, partSize: number) {
  const diff = token === null ? null : server.since(token)
  return diff ? [diff] : server.snapshot(partSize)
}

describe('a copy', () => {
  it('equals the server after any changes, cuts and reconnects', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), id: fc.integer({ min: 1, max: 30 }), status: fc.constantFrom('online', 'offline', null) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), id: fc.integer({ min: 1, max: 30 }) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('pull' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), after: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('failover' as const) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (steps, partSize) => {
        const server = new FakeLayer('camera', ['status', 'n'])
        const { copy, layer } = newCopy()
        let sent: string | null = null // the server's idea of where this connection is
        const pull = (upTo = Infinity): void => {
          const frames = answer(server, sent, partSize)
          for (const frame of frames.slice(0, upTo)) copy.apply(parseFrame(JSON.stringify(frame)) as never)
          sent = server.token
        }
        let n = 0
        for (const s of steps) {
          if (s.do === 'put') server.put(s.id, s.status as Value, n++)
          else if (s.do === 'remove') server.remove(s.id)
          else if (s.do === 'failover') server.epoch = `e.${n++}`
          else if (s.do === 'pull') pull()
          else {
            pull(s.after) // the connection breaks in the middle of an answer
            copy.disconnected()
            sent = copy.token('camera')
          }
        }
        copy.disconnected()
        sent = copy.token('camera')
        pull()
        expect(contents(layer)).toEqual(server.expected())
        expect(layer.size).toBe(server.rows.size)
      }),
      { numRuns: 300 },
    )
  })

  it('never shows half a snapshot', () => {
    const server = new FakeLayer('camera', ['status'])
    for (let id = 1; id <= 10; id++) server.put(id, 'online')
    const { copy, layer } = newCopy()
    const [first, second, third] = server.snapshot(4)
    copy.apply(first!)
    copy.apply(second!)
    expect(layer.size).toBe(0)
    expect(copy.token('camera')).toBeNull()
    copy.apply(third!)
    expect(layer.size).toBe(10)
    expect(copy.token('camera')).toBe(server.token)
  })

  it('refuses what is out of step', () => {
    const server = new FakeLayer('camera', ['status'])
    for (let id = 1; id <= 9; id++) server.put(id, 'online')
    const { copy } = newCopy()
    expect(() => copy.apply(server.since(server.token)!)).toThrow(ProtocolError) // a diff before the snapshot
    const parts = server.snapshot(3)
    copy.apply(parts[0]!)
    expect(() => copy.apply(parts[2]!)).toThrow(/part 2 .* after 1/)
    copy.apply(parts[0]!)
    expect(() => copy.apply(server.since(server.token)!)).toThrow(/inside a snapshot/)
    expect(() => parseFrame('{"type":"snapshot","layer":"camera","token":"t","columns":["a"],"ids":[1],"values":[[]],"more":false}')).toThrow(/not as long/)
    expect(() => parseFrame('[')).toThrow(ProtocolError)
    expect(() => parseFrame('null')).toThrow(ProtocolError)
  })

  it('empties a layer that the server refuses, and ignores one that nobody wants', () => {
    const server = new FakeLayer('camera', ['status'])
    server.put(1, 'online')
    const { copy, layer, live } = newCopy()
    copy.apply(server.snapshot()[0]!)
    copy.apply({ type: 'error', code: 'forbidden', layer: 'camera', message: 'no' })
    expect(layer.size).toBe(0)
    copy.apply({ ...server.snapshot()[0]!, layer: 'unit' })
    expect(live.layer('unit').size).toBe(0)
  })
})

describe('a layer store', () => {
  it('tells a listener once a frame what changed', () => {
    const server = new FakeLayer('camera', ['status'])
    server.put(1, 'online')
    server.put(2, 'online')
    const { copy, layer, flush } = newCopy()
    const listener = vi.fn<(change: LayerChange) => void>()
    layer.subscribe(listener)
    copy.apply(server.snapshot()[0]!)
    flush()
    expect(listener).toHaveBeenCalledTimes(1)
    expect(listener.mock.calls[0]![0]).toMatchObject({ reset: true })

    const before = layer.token!
    server.put(2, 'offline')
    server.remove(1)
    copy.apply({ ...server.since(before)!, tiles: ['16/1/1'] })
    const middle = layer.token!
    server.put(1, 'fault')
    server.put(3, 'online')
    copy.apply({ ...server.since(middle)!, tiles: ['16/1/2'] })
    flush()
    expect(listener).toHaveBeenCalledTimes(2)
    const change = listener.mock.calls[1]![0]
    expect(change.reset).toBe(false)
    expect([...change.upserted].sort()).toEqual([1, 2, 3])
    expect([...change.removed]).toEqual([]) // 1 went and came back
    expect([...(change.tiles as Set<string>)]).toEqual(['16/1/1', '16/1/2'])
  })

  it('moves geometry along when a row is removed', () => {
    const { copy, layer } = newCopy()
    const point = (x: number) => ({ type: 'Point' as const, coordinates: [x, 0] })
    copy.apply({ type: 'snapshot', layer: 'camera', token: 'e/1', columns: ['n'], ids: [1, 2, 3], values: [[10, 20, 30]], geometry: [point(1), point(2), point(3)], more: false })
    copy.apply({ type: 'diff', layer: 'camera', token: 'e/2', removed: [1] })
    expect(layer.geometryOf(3)).toEqual(point(3))
    expect(layer.geometryOf(1)).toBeNull()
    expect(layer.value(3, 'n')).toBe(30)
    expect(layer.get(2)).toEqual({ id: 2, n: 20, geometry: point(2) })
    expect(layer.versionOf(1)).toBe(0)
  })

  it('says which row changed, so that only its readers render', () => {
    const { copy, layer } = newCopy()
    copy.apply({ type: 'snapshot', layer: 'camera', token: 'e/1', columns: ['n'], ids: [1, 2], values: [[10, 20]], more: false })
    const untouched = layer.versionOf(1)
    copy.apply({ type: 'diff', layer: 'camera', token: 'e/2', ids: [2], values: [[21]] })
    expect(layer.versionOf(1)).toBe(untouched)
    expect(layer.versionOf(2)).toBeGreaterThan(untouched)
  })
})

/** Frames the server's tests wrote: both sides are held to the same ones. */
const golden = join(import.meta.dirname, '../../../server/live/testdata')
const files = existsSync(golden) ? readdirSync(golden).filter((name) => name.endsWith('.json')) : []
const binary = existsSync(golden) ? readdirSync(golden).filter((name) => name.endsWith('.bin')) : []

describe.runIf(files.length > 0)('golden frames', () => {
  it.each(files)('%s can be read', (file) => {
    const read = JSON.parse(readFileSync(join(golden, file), 'utf8')) as unknown
    const frames = Array.isArray(read) ? read : [read]
    for (const frame of frames) expect(parseFrame(JSON.stringify(frame))).toEqual(frame)
  })

  it.each(binary)('%s says what the JSON frame beside it says', (file) => {
    const frame = parseBulk(new Uint8Array(readFileSync(join(golden, file))).buffer)
    expect(frame).toMatchObject(JSON.parse(readFileSync(join(golden, file.replace('.bin', '.json')), 'utf8')) as object)
  })

  it.each(binary)('%s is refused when it ends anywhere too early', (file) => {
    const bytes = new Uint8Array(readFileSync(join(golden, file)))
    for (let end = 0; end < bytes.length; end += 8) expect(() => parseBulk(bytes.slice(0, end).buffer)).toThrow(ProtocolError)
  })
})
