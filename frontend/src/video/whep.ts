import type { Point } from '../features/sight/paint'
import { ElementPlayer } from './element'

/** Where no picture has come after so many attempts that the server took, WebRTC does not come through: a firewall, mostly. */
const ATTEMPTS = 2

/** A server without WebRTC has none for the next tile either, and a line that lets none through. */
let without = false

/**
 * By WebRTC: an offer by HTTP (WHEP), pictures by RTP from the server itself. How old a picture is, is not known here: it counts as live when it comes. Where WebRTC is not to be had, `instead` is called.
 */
export class WhepPlayer extends ElementPlayer {
  private conn: RTCPeerConnection | null = null
  private attempts = 0
  private readonly instead: () => void

  constructor(instead: () => void, ...rest: ConstructorParameters<typeof ElementPlayer>) {
    super(...rest)
    this.instead = instead
  }

  protected drop(): void {
    this.conn?.close()
    this.conn = null
    this.video.srcObject = null
  }

  protected playing(): boolean {
    return this.conn !== null
  }

  protected age(): undefined {
    return undefined
  }

  private giveUp(): void {
    without = true
    this.stop()
    this.instead()
  }

  protected async connect(current: () => boolean): Promise<void> {
    if (without) return this.giveUp()
    const base = `/api/cameras/${this.id}`
    const conn = (this.conn = new RTCPeerConnection())
    const told = await fetch(`${base}/masks`)
    if (!told.ok) return this.refused(current, told)
    const { masks } = (await told.json()) as { masks: Point[][] }
    this.say({ masked: masks.length > 0 })
    conn.ontrack = ({ track }) => {
      this.video.srcObject = new MediaStream([track])
      void this.video.play().catch((error: unknown) => console.warn('a picture does not play:', error))
      this.draw(current, masks)
    }
    conn.onconnectionstatechange = () => {
      if (!current() || !['failed', 'closed', 'disconnected'].includes(conn.connectionState)) return
      if (this.state.drawnAt === undefined && navigator.onLine && ++this.attempts >= ATTEMPTS) this.giveUp()
      else this.again({ reason: navigator.onLine ? 'broken' : 'offline' })
    }
    const { receiver } = conn.addTransceiver('video', { direction: 'recvonly' })
    Object.assign(receiver, { jitterBufferTarget: 0, playoutDelayHint: 0 })
    await conn.setLocalDescription() // our own addresses are of no use: the server waits to be called
    const answer = await fetch(`${base}/whep${this.query()}`, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: conn.localDescription!.sdp })
    if (!answer.ok) {
      const reason = ((await answer.clone().json().catch(() => ({}))) as { reason?: string }).reason
      if (current() && reason === 'no_webrtc') return this.giveUp()
      return this.refused(current, answer)
    }
    const place = answer.headers.get('Location')
    if (!current()) {
      if (place) void fetch(place, { method: 'DELETE' }).catch(() => undefined) // stopped meanwhile
      return
    }
    this.place = place
    await conn.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
  }
}
