import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveClient, subscriptionsFor } from './client'
import { LiveStore } from './store'
import { FakeLayer, contents, manualSchedule } from './testing'

class FakeSocket {
  static all: FakeSocket[] = []
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  sent: Record<string, unknown>[] = []
  closedWith: number | undefined
  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close(code: number): void {
    this.closedWith = code
  }
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  hello(): void {
    this.say({ type: 'hello', session: 's', version: '1', time: new Date().toISOString(), token: 'e.1/1', heartbeat_s: 5 })
  }
  beat(source = 'live'): void {
    const time = new Date().toISOString()
    this.say({ type: 'heartbeat', time, token: 'e.1/1', source, source_since: time, heard: time })
  }
  end(code: number): void {
    this.onclose?.({ code })
  }
}

let live: LiveStore
let client: LiveClient
const calls = { unauthorized: vi.fn(), refused: vi.fn(), fatal: vi.fn() }

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.all = []
  live = new LiveStore(manualSchedule().schedule)
  client = new LiveClient({ live, url: 'ws://test/live', random: () => 0, onUnauthorized: calls.unauthorized, onRefused: calls.refused, onFatal: calls.fatal })
  client.subscribe({ layer: 'camera', geometry: false })
  client.start()
})

afterEach(() => {
  client.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.clearAllMocks()
})

/** A server layer with three cameras, already loaded by the client. */
function loaded(): FakeLayer {
  const server = new FakeLayer('camera', ['status'])
  for (const id of [1, 2, 3]) server.put(id, 'online')
  FakeSocket.last.hello()
  FakeSocket.last.beat()
  for (const frame of server.snapshot()) FakeSocket.last.say(frame)
  return server
}

describe('the live client', () => {
  it('subscribes after hello, without a token at first, and resumes with the last one', () => {
    expect(FakeSocket.last.sent).toEqual([])
    const server = loaded()
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', layer: 'camera', geometry: false }])

    FakeSocket.last.end(1006)
    server.put(2, 'offline')
    server.remove(3)
    vi.advanceTimersByTime(500)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.hello()
    const [subscribe] = FakeSocket.last.sent
    expect(subscribe).toMatchObject({ layer: 'camera', token: live.layer('camera').token })
    FakeSocket.last.say(server.since(subscribe!.token as string)!)
    expect(contents(live.layer('camera'))).toEqual(server.expected())
  })

  it('waits longer and longer, up to ten seconds, and starts short again once a connection stood', () => {
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      const lostAt = Date.now()
      const count = FakeSocket.all.length
      FakeSocket.last.end(1006)
      while (FakeSocket.all.length === count) vi.advanceTimersByTime(50)
      waits.push(Date.now() - lostAt)
    }
    expect(waits.slice(0, 4)).toEqual([500, 500, 1000, 2000]) // half of 500·2ⁿ with random() = 0, at least 500
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000)
    expect(waits.at(-1)).toBe(5000)
    FakeSocket.last.hello()
    FakeSocket.last.beat()
    FakeSocket.last.end(1006)
    const count = FakeSocket.all.length
    vi.advanceTimersByTime(500)
    expect(FakeSocket.all.length).toBe(count + 1)
  })

  it('goes to log-in when there is no session, and does not come back', () => {
    loaded()
    FakeSocket.last.end(4401)
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
    expect(calls.unauthorized).toHaveBeenCalledOnce()
    expect(live.layer('camera').size).toBe(0)
  })

  it('comes back at once without tokens when rights were changed, but does not spin', () => {
    loaded()
    FakeSocket.last.end(4403)
    vi.advanceTimersByTime(0)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.hello()
    expect(FakeSocket.last.sent[0]).not.toHaveProperty('token')
    FakeSocket.last.end(4403)
    vi.advanceTimersByTime(100)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('says that the page is too old when the server cannot read it', () => {
    loaded()
    FakeSocket.last.end(4400)
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
    expect(calls.fatal).toHaveBeenCalledOnce()
    expect(live.lamp.state).toBe('offline')
  })

  it('starts anew from a snapshot when a frame does not fit', () => {
    vi.spyOn(console, 'warn').mockReturnValue()
    loaded()
    FakeSocket.last.say({ type: 'diff', layer: 'camera', token: 'e.1/9', ids: [1], values: [['online'], ['too', 'many']] })
    expect(FakeSocket.last.closedWith).toBe(4000)
    expect(live.layer('camera').size).toBe(3) // what was there stays to be seen
    vi.advanceTimersByTime(500)
    FakeSocket.last.hello()
    expect(FakeSocket.last.sent[0]).not.toHaveProperty('token')
  })

  it('gives up a connection that is silent, and one that never says hello', () => {
    loaded()
    vi.advanceTimersByTime(13_001)
    expect(FakeSocket.all[0]!.closedWith).toBe(4000)
    expect(FakeSocket.all.length).toBeGreaterThan(1)
    const before = FakeSocket.all.length
    vi.advanceTimersByTime(12_000)
    expect(FakeSocket.all.length).toBeGreaterThan(before)
  })

  it('doubts the connection after the computer slept', () => {
    loaded()
    const first = FakeSocket.last
    vi.setSystemTime(Date.now() + 3_600_000) // no timer ran for an hour
    vi.advanceTimersByTime(1000)
    expect(first.closedWith).toBeUndefined() // what came in the meantime may still be on its way to us
    vi.advanceTimersByTime(4001)
    expect(first.closedWith).toBe(4000)
    expect(FakeSocket.all.length).toBe(2)
  })

  it('keeps a connection that is alive when a background page wakes late', () => {
    loaded()
    vi.setSystemTime(Date.now() + 7000)
    FakeSocket.last.beat()
    vi.advanceTimersByTime(1000)
    FakeSocket.last.beat()
    vi.advanceTimersByTime(4000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('lights the lamp: live, delayed, offline, live', () => {
    expect(live.lamp.state).toBe('connecting')
    loaded()
    expect(live.lamp.state).toBe('live')
    FakeSocket.last.beat('lost')
    expect(live.lamp.state).toBe('delayed')
    FakeSocket.last.end(1006)
    vi.advanceTimersByTime(11_001)
    expect(live.lamp.state).toBe('offline')
    FakeSocket.last.hello()
    FakeSocket.last.beat()
    expect(live.lamp.state).toBe('live')
    expect(live.lamp.lastGood).toEqual(new Date())
  })

  it('forgets a layer that nobody wants any more', () => {
    loaded()
    client.unsubscribe('camera')
    expect(FakeSocket.last.sent.at(-1)).toEqual({ type: 'unsubscribe', layer: 'camera' })
    expect(live.layer('camera').size).toBe(0)
    client.subscribe({ layer: 'camera', geometry: true })
    expect(FakeSocket.last.sent.at(-1)).toEqual({ type: 'subscribe', layer: 'camera', geometry: true })
  })

  it('reports what the server refuses', () => {
    loaded()
    FakeSocket.last.say({ type: 'error', code: 'forbidden', layer: 'camera', message: 'no' })
    expect(calls.refused).toHaveBeenCalledOnce()
    expect(live.layer('camera').size).toBe(0)
  })
})

it('asks for the rows of a very large layer in binary form, and reads them', async () => {
  client.start()
  client.subscribe({ layer: 'camera', geometry: false, bulk: true })
  FakeSocket.last.hello()
  await vi.waitFor(() => expect(FakeSocket.last.sent).toContainEqual({ type: 'subscribe', layer: 'camera', geometry: false, format: 'binary' }))
  const frame = readFileSync(join(import.meta.dirname, '../../../server/live/testdata/snapshot-words.bin'))
  FakeSocket.last.onmessage?.({ data: new Uint8Array(frame).buffer })
  expect(live.layer('camera').size).toBe(8)
})

it('wants small and moving layers whole, and of the large ones the state of those the map shows', () => {
  const layers = [
    { name: 'camera', delivery: 'tiles', geometry: 'point', count: 20_000 },
    { name: 'report', delivery: 'tiles', geometry: 'point', count: 7 },
    { name: 'incident', delivery: 'features', geometry: 'point', count: 7 },
    { name: 'unit', delivery: 'features', geometry: 'none', count: 7 },
    { name: 'position', delivery: 'moving', geometry: 'point', count: 7 },
  ]
  expect(subscriptionsFor({ layers })).toEqual([
    { layer: 'incident', geometry: true },
    { layer: 'unit', geometry: false },
    { layer: 'position', geometry: true },
    { layer: 'camera', geometry: false, bulk: true },
  ])
})
