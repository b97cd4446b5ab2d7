import { serverNow } from '../../lib/clock'
import { paint, type Point } from './paint'

/** What a player tells of itself. */
export interface PlayerState {
  phase: 'connecting' | 'live' | 'stale' | 'broken' | 'ended'
  /** Why it does not play: a key of the wordings. */
  reason?: string
  codec?: string
  latencyMs?: number
  /** When what stands there had come to the server, on this page's clock. */
  drawnAt?: number
  masked?: boolean
  /** That it comes in pieces, a second late. */
  way?: 'hls'
}

const HEADER = 16
/** Without a picture for so long what is seen is not called live. */
export const STALE_MS = 3000
export const RETRY_MS = 2000
/** What the registry would have to change for is tried again less often. */
const SLOW_MS = 30_000
/** Pictures that are older are painted no more often than this. */
const OLD_MS = 150
/** Pictures that wait for the decoder: beyond that it is left out until the next key picture. */
const BEHIND = 30

/** Whether an answer says that the picture is not for this person, or that there is no such camera. A lost session (401) comes back. */
export const forbids = (status: number, reason: string) => status === 403 || (status === 404 && !reason)

/**
 * Plays one camera onto a canvas: access units by websocket, decoded by WebCodecs. Masks are filled and the viewer's name and the time are written on every
 * picture. It connects again by itself until it is stopped or told that it may not.
 */
export class Player {
  private socket: WebSocket | null = null
  private decoder: VideoDecoder | null = null
  private codec = ''
  private masks: Point[][] = []
  private user = ''
  private waiting = true
  private stopped = false
  private timer = 0
  private came = new Map<number, number>()
  /** H.264 is asked for, since the camera's own codec cannot be shown here. */
  private h264 = false
  private count = 0
  private painted = 0
  private state: PlayerState = { phase: 'connecting' }
  private readonly context: CanvasRenderingContext2D

  constructor(
    private readonly id: number,
    canvas: HTMLCanvasElement,
    private readonly tell: (state: PlayerState) => void,
    /** The small picture, where the camera has one. */
    private readonly small = false,
  ) {
    this.context = canvas.getContext('2d', { alpha: false, desynchronized: true })!
    this.connect()
    this.timer = window.setInterval(() => {
      if (this.state.phase === 'live' && performance.now() - (this.state.drawnAt ?? 0) > STALE_MS) this.say({ phase: 'stale' })
    }, 500)
  }

  stop(): void {
    this.stopped = true
    window.clearInterval(this.timer)
    this.socket?.close()
    this.reset()
  }

  private say(change: Partial<PlayerState>): void {
    this.state = { ...this.state, ...change }
    this.tell(this.state)
  }

  private connect(): void {
    if (this.stopped) return
    const socket = (this.socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/cameras/${this.id}/live?stream=${this.small ? 'sub' : 'main'}${this.h264 ? '&codec=h264' : ''}`))
    socket.binaryType = 'arraybuffer'
    let ended = false
    let begun = false
    const asked = this.h264
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return this.picture(data as ArrayBuffer)
      begun = true
      const news = JSON.parse(data) as { type: string; masks?: Point[][]; user?: string; reason?: string }
      if (news.type === 'hello') {
        this.masks = news.masks ?? []
        this.user = news.user ?? ''
        this.say({ masked: this.masks.length > 0 })
      } else if (news.type === 'state') {
        this.waiting = true
        this.say({ phase: 'broken', reason: news.reason })
      } else {
        ended = true
        this.say({ phase: 'ended', reason: news.reason })
      }
    }
    socket.onclose = ({ code }) => {
      this.reset()
      if (this.stopped || ended) return
      if (code === 1008) return this.say({ phase: 'ended', reason: 'forbidden' })
      if (!begun && navigator.onLine) return void this.ask(socket.url)
      const other = this.h264 && !asked // the socket was closed to ask for another codec
      this.say({ phase: this.state.drawnAt ? 'broken' : 'connecting', reason: navigator.onLine ? 'broken' : 'offline' })
      window.setTimeout(() => this.connect(), other ? 0 : RETRY_MS)
    }
  }

  /** A handshake that fails does not tell why; a plain request of the same address does. */
  private async ask(url: string): Promise<void> {
    const answer = await fetch(url.replace(/^ws/, 'http')).catch(() => null)
    const { reason = '' } = ((await answer?.json().catch(() => null)) ?? {}) as { reason?: string }
    if (this.stopped) return
    if (answer && forbids(answer.status, reason)) return this.say({ phase: 'ended', reason: 'forbidden' })
    const none = reason === 'no_stream'
    this.say({ phase: none || this.state.drawnAt ? 'broken' : 'connecting', reason: none ? 'noStream' : 'broken' })
    window.setTimeout(() => this.connect(), none ? SLOW_MS : RETRY_MS)
  }

  private reset(): void {
    if (this.decoder?.state !== 'closed') this.decoder?.close()
    this.decoder = null
    this.codec = ''
    this.waiting = true
    this.came.clear()
  }

  private picture(buffer: ArrayBuffer): void {
    const view = new DataView(buffer)
    if (buffer.byteLength < HEADER || view.getUint8(0) !== 1) return
    const key = (view.getUint8(1) & 1) === 1
    const letters = view.getUint16(2)
    const codec = new TextDecoder().decode(new Uint8Array(buffer, HEADER, letters))
    if (key && codec && codec !== this.codec) this.configure(codec)
    if (!this.decoder || this.decoder.state !== 'configured') return
    if (this.decoder.decodeQueueSize > BEHIND) this.waiting = true
    if (this.waiting && !key) return
    this.waiting = false
    const timestamp = ++this.count * 1000
    this.came.set(timestamp, Number(view.getBigUint64(8)))
    this.decoder.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp, data: new Uint8Array(buffer, HEADER + letters) }))
  }

  private configure(codec: string): void {
    this.reset()
    this.codec = codec
    const decoder = new VideoDecoder({
      output: (frame) => this.draw(frame),
      error: () => {
        // A picture that cannot be decoded: on from the next key picture, with a decoder that knows nothing.
        if (this.decoder === decoder) this.reset()
      },
    })
    this.decoder = decoder
    const config: VideoDecoderConfig = { codec, optimizeForLatency: true }
    void VideoDecoder.isConfigSupported(config).then(
      ({ supported }) => {
        if (!supported) this.unsupported(codec)
      },
      () => this.unsupported(codec),
    )
    try {
      decoder.configure(config)
    } catch {
      this.unsupported(codec)
    }
  }

  private unsupported(codec: string): void {
    if (this.stopped) return
    if (!this.h264 && /^(hev1|hvc1)/.test(codec)) {
      this.h264 = true
      this.socket?.close()
      return
    }
    this.say({ phase: 'ended', reason: 'codec', codec })
    this.stop()
  }

  private draw(frame: VideoFrame): void {
    const came = this.came.get(frame.timestamp)
    this.came.delete(frame.timestamp)
    const latencyMs = came === undefined ? undefined : Math.max(0, Math.round(serverNow() - came))
    // Who is behind catches up: while newer ones are being decoded, of old pictures only some are painted.
    const old = (latencyMs ?? 0) > OLD_MS && this.came.size > 0 && performance.now() - this.painted < OLD_MS
    if (!old) {
      paint(this.context, frame, frame.displayWidth, frame.displayHeight, this.masks, this.user)
      this.painted = performance.now()
    }
    frame.close()
    if (old) return
    // A picture that is drawn late is as old as one that has stopped: neither is called live.
    const late = latencyMs ?? 0
    this.say({ phase: late > STALE_MS ? 'stale' : 'live', reason: undefined, latencyMs, drawnAt: performance.now() - late })
  }
}
