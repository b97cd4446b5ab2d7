import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pages } from '../../video/wall'
import { Player } from './player'

/** What is open: a wall that runs for weeks must not gather any of it. */
let sockets: Set<FakeSocket>
let decoders: Set<FakeDecoder>
let frames = 0
let intervals: Set<number>

class FakeSocket {
  binaryType = ''
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  constructor(readonly url: string) {
    sockets.add(this)
  }
  close() {
    if (sockets.delete(this)) this.onclose?.({ code: 1000 })
  }
  /** The server tells who looks, then sends pictures, a key picture first. */
  play(n: number) {
    this.onmessage?.({ data: JSON.stringify({ type: 'hello', user: 'duty' }) })
    for (let i = 0; i < n; i++) {
      const picture = new Uint8Array(16 + 11 + 4)
      const view = new DataView(picture.buffer)
      picture[0] = 1
      picture[1] = i === 0 ? 1 : 0
      view.setUint16(2, i === 0 ? 11 : 0)
      view.setBigUint64(8, BigInt(Date.now()))
      if (i === 0) picture.set(new TextEncoder().encode('avc1.42001F'), 16)
      this.onmessage?.({ data: picture.buffer })
    }
  }
}

class FakeDecoder {
  static isConfigSupported = () => Promise.resolve({ supported: true })
  state = 'unconfigured'
  decodeQueueSize = 0
  constructor(private readonly init: { output: (frame: unknown) => void }) {
    decoders.add(this)
  }
  configure() {
    this.state = 'configured'
  }
  decode(chunk: { timestamp: number }) {
    frames++
    this.init.output({ timestamp: chunk.timestamp, displayWidth: 640, displayHeight: 360, close: () => frames-- })
  }
  close() {
    this.state = 'closed'
    decoders.delete(this)
  }
}

beforeEach(() => {
  sockets = new Set()
  decoders = new Set()
  intervals = new Set()
  frames = 0
  vi.useFakeTimers()
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('location', { origin: 'http://localhost' })
  vi.stubGlobal('navigator', { onLine: true })
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('VideoDecoder', FakeDecoder)
  vi.stubGlobal('EncodedVideoChunk', class { constructor(init: object) { Object.assign(this, init) } })
  const { setInterval, clearInterval } = window
  vi.spyOn(window, 'setInterval').mockImplementation(((...args: Parameters<typeof setInterval>) => {
    const id = setInterval(...args) as unknown as number
    intervals.add(id)
    return id
  }) as never)
  vi.spyOn(window, 'clearInterval').mockImplementation(((id: number) => {
    intervals.delete(id)
    clearInterval(id)
  }) as never)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const canvas = () => {
  const context = new Proxy({} as Record<string, unknown>, { get: (target, key: string) => target[key] ?? (() => undefined), set: (target, key: string, value) => ((target[key] = value), true) })
  const element = { width: 16, height: 9, getContext: () => context } as unknown as HTMLCanvasElement
  context.canvas = element
  return element
}

test('a patrol that turned two thousand pages leaves no socket, decoder, picture or clock behind', () => {
  // 40 cameras, nine at a time, ten seconds each page: every page is a change of nine players.
  const round = pages(Array.from({ length: 40 }, (_, i) => ({ camera_id: i + 1, dwell_s: 10 })), 9)
  const turns = 2_000
  let playing: Player[] = []
  let most = 0
  for (let turn = 0; turn < turns; turn++) {
    for (const player of playing) player.stop()
    playing = round[turn % round.length]!.cameras.map((id) => new Player(id, canvas(), () => undefined, true))
    if (turn % 100 === 0) {
      for (const socket of [...sockets]) socket.play(3)
      for (const [i, socket] of [...sockets].entries()) if (i % 4 === 0) socket.onclose?.({ code: 1006 }) // some lines break just before the page is turned
    }
    most = Math.max(most, sockets.size, decoders.size, intervals.size)
  }
  expect(most).toBeLessThanOrEqual(9)
  for (const player of playing) player.stop()
  vi.advanceTimersByTime(60_000) // who was to connect again does not
  expect([sockets.size, decoders.size, frames, intervals.size, vi.getTimerCount()]).toEqual([0, 0, 0, 0, 0])
})

test('a handshake that fails is explained: no stream is asked for again now and then, what is forbidden is not', async () => {
  const answers: [number, object][] = [[404, { code: 'not_found', reason: 'no_stream' }], [401, { code: 'unauthorized' }], [404, { code: 'not_found' }]]
  const asked: string[] = []
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url)
    const [status, body] = answers.shift()!
    return Promise.resolve(new Response(JSON.stringify(body), { status }))
  })
  const told: (string | undefined)[][] = []
  const player = new Player(7, canvas(), ({ phase, reason }) => told.push([phase, reason]))
  const fail = async () => {
    const [socket] = [...sockets]
    sockets.delete(socket!)
    socket!.onclose?.({ code: 1006 })
    await vi.advanceTimersByTimeAsync(0)
  }
  await fail()
  expect(asked).toEqual(['http://localhost/api/cameras/7/live?stream=main'])
  expect(told).toEqual([['broken', 'noStream']])
  await vi.advanceTimersByTimeAsync(29_000)
  expect(sockets.size).toBe(0)
  await vi.advanceTimersByTimeAsync(1_000)
  await fail()
  expect(told.at(-1)).toEqual(['connecting', 'broken']) // the session is lost, and will come back
  await vi.advanceTimersByTimeAsync(2_000)
  await fail()
  expect(told.at(-1)).toEqual(['ended', 'forbidden'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sockets.size).toBe(0)
  player.stop()
})
