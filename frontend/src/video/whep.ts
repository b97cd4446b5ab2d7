import { paint, type Point } from '../features/sight/paint'
import { RETRY_MS, STALE_MS, type PlayerState } from '../features/sight/player'

/** Without a picture for so long the server is asked anew, which tells why. */
const SILENT_MS = 10_000
/** Reasons after which nothing is tried again by itself. */
const final: Record<string, Partial<PlayerState>> = {
  no_webrtc: { reason: 'insecure' },
  no_stream: { reason: 'noStream' },
  codec_not_offered: { reason: 'codec', codec: 'H.265' },
  too_many_streams: { reason: 'too_many_streams' },
  too_many_viewers: { reason: 'too_many_viewers' },
  too_many_transcodes: { reason: 'too_many_transcodes' },
}
const passing = ['unreachable', 'bad_password', 'refused_address', 'no_video', 'unsupported_codec', 'device_away', 'device_busy', 'device_refuses', 'device_ended', 'no_media_port', 'masks_changed', 'no_decoder', 'bad_picture']

/** A server without WebRTC has none for the next tile either. */
let without = false

/**
 * Plays one camera onto a canvas by WebRTC, for pages that are not secure: an offer by HTTP (WHEP), pictures by RTP from the server itself. Masks, the viewer's name and the time are drawn as over any
 * live picture. How old a picture is, is not known here: it counts as live when it comes.
 */
export class WhepPlayer {
  private conn: RTCPeerConnection | null = null
  private place: string | null = null
  private readonly video = document.createElement('video')
  private readonly context: CanvasRenderingContext2D
  private readonly timer: number
  private retry = 0
  private stopped = false
  private state: PlayerState = { phase: 'connecting' }

  constructor(
    private readonly id: number,
    canvas: HTMLCanvasElement,
    private readonly tell: (state: PlayerState) => void,
    private readonly small: boolean,
    private readonly user: string,
  ) {
    this.context = canvas.getContext('2d', { alpha: false, desynchronized: true })!
    this.video.muted = true
    this.video.playsInline = true
    this.timer = window.setInterval(() => {
      const silent = performance.now() - (this.state.drawnAt ?? 0)
      if (this.state.phase === 'live' && silent > STALE_MS) this.say({ phase: 'stale' })
      else if (this.state.phase === 'stale' && this.conn && silent > SILENT_MS) this.again({ reason: 'broken' })
    }, 500)
    void this.connect()
  }

  stop(): void {
    this.stopped = true
    window.clearInterval(this.timer)
    window.clearTimeout(this.retry)
    this.leave()
  }

  private say(change: Partial<PlayerState>): void {
    if (this.stopped) return
    this.state = { ...this.state, ...change }
    this.tell(this.state)
  }

  private leave(): void {
    this.conn?.close()
    this.conn = null
    this.video.srcObject = null
    if (this.place) void fetch(this.place, { method: 'DELETE', keepalive: true }).catch(() => undefined) // the server finds out by itself
    this.place = null
  }

  private again(why: Partial<PlayerState>): void {
    this.leave()
    if (this.stopped) return
    this.say({ phase: this.state.drawnAt || why.reason !== 'broken' ? 'broken' : 'connecting', ...why })
    window.clearTimeout(this.retry)
    this.retry = window.setTimeout(() => void this.connect(), RETRY_MS)
  }

  private end(why: Partial<PlayerState>): void {
    this.say({ phase: 'ended', ...why })
    this.stop()
  }

  private async connect(): Promise<void> {
    if (without) return this.end({ reason: 'insecure' })
    const base = `/api/cameras/${this.id}`
    const conn = (this.conn = new RTCPeerConnection())
    try {
      const told = await fetch(`${base}/masks`)
      if (!told.ok) return this.refused(conn, told)
      const { masks } = (await told.json()) as { masks: Point[][] }
      this.say({ masked: masks.length > 0 })
      conn.ontrack = ({ track }) => {
        this.video.srcObject = new MediaStream([track])
        void this.video.play().catch((error: unknown) => console.warn('a picture does not play:', error))
        this.draw(conn, masks)
      }
      conn.onconnectionstatechange = () => {
        if (this.conn === conn && ['failed', 'closed', 'disconnected'].includes(conn.connectionState)) this.again({ reason: navigator.onLine ? 'broken' : 'offline' })
      }
      const { receiver } = conn.addTransceiver('video', { direction: 'recvonly' })
      Object.assign(receiver, { jitterBufferTarget: 0, playoutDelayHint: 0 })
      await conn.setLocalDescription() // our own addresses are of no use: the server waits to be called
      const answer = await fetch(`${base}/whep${this.small ? '?stream=sub' : ''}`, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: conn.localDescription!.sdp })
      if (!answer.ok) return this.refused(conn, answer)
      const place = answer.headers.get('Location')
      if (this.conn !== conn) {
        if (place) void fetch(place, { method: 'DELETE' }).catch(() => undefined) // stopped meanwhile
        return
      }
      this.place = place
      await conn.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
    } catch (error) {
      if (this.conn !== conn) return
      console.warn('no picture by WebRTC:', error)
      this.again({ reason: navigator.onLine ? 'broken' : 'offline' })
    }
  }

  private async refused(conn: RTCPeerConnection, answer: Response): Promise<void> {
    const { reason = '' } = (await answer.json().catch(() => ({}))) as { reason?: string }
    if (this.conn !== conn) return
    if (reason === 'no_webrtc') without = true
    if (final[reason]) this.end(final[reason])
    else if ([401, 403].includes(answer.status) || (answer.status === 404 && !reason)) this.end({ reason: 'forbidden' })
    else this.again({ reason: passing.includes(reason) ? reason : 'broken' })
  }

  private draw(conn: RTCPeerConnection, masks: Point[][]): void {
    const next = () => {
      if (this.conn !== conn) return
      this.video.requestVideoFrameCallback(next)
      const { videoWidth, videoHeight } = this.video
      if (!videoWidth) return
      paint(this.context, this.video, videoWidth, videoHeight, masks, this.user)
      this.say({ phase: 'live', reason: undefined, drawnAt: performance.now() })
    }
    this.video.requestVideoFrameCallback(next)
  }
}
