import { paint, type Point } from '../features/sight/paint'
import { RETRY_MS, STALE_MS, forbids, type PlayerState } from '../features/sight/player'

/** Without a picture for so long the server is asked anew, which tells why. */
const SILENT_MS = 10_000
/** Reasons after which nothing is tried again by itself. */
const final: Record<string, Partial<PlayerState>> = {
  no_stream: { reason: 'noStream' },
  codec_not_offered: { reason: 'codec', codec: 'H.265' },
  too_many_streams: { reason: 'too_many_streams' },
  too_many_viewers: { reason: 'too_many_viewers' },
  too_many_transcodes: { reason: 'too_many_transcodes' },
}
export const passing = ['unreachable', 'bad_password', 'refused_address', 'no_video', 'unsupported_codec', 'device_away', 'device_busy', 'device_refuses', 'device_ended', 'no_media', 'wrong_ssrc', 'no_media_port', 'transcode_budget', 'no_decoder', 'bad_picture', 'masks_changed']

/**
 * Plays one camera onto a canvas by way of a <video> that nobody sees: for pages that decode nothing by themselves. What brings the pictures is its children's. Masks, the viewer's name and the time are
 * drawn as over any live picture. It begins again by itself until it is stopped or told that it may not.
 */
export abstract class ElementPlayer {
  protected readonly video = document.createElement('video')
  protected stopped = false
  protected state: PlayerState = { phase: 'connecting' }
  /** H.264 is asked for, since the camera's own codec cannot be shown here. */
  protected h264 = false
  /** What ends it at the server. */
  protected place: string | null = null
  private readonly context: CanvasRenderingContext2D
  private readonly timer: number
  private retry = 0
  /** The round under way: answers to an older one are late. */
  private round = 0

  constructor(
    protected readonly id: number,
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
      else if (this.state.phase === 'stale' && silent > SILENT_MS && this.playing()) this.again({ reason: 'broken' })
    }, 500)
    queueMicrotask(() => void this.begin()) // when the child is whole
  }

  /** Asks the server for the picture and has the element play it; `current` is false as soon as it was left. */
  protected abstract connect(current: () => boolean): Promise<void>
  /** Lets go of what connect made. */
  protected abstract drop(): void
  /** Whether something is there that could still bring a picture. */
  protected abstract playing(): boolean
  /** How old the picture is that is shown now, in ms, where that is known. */
  protected abstract age(): number | undefined

  stop(): void {
    this.stopped = true
    window.clearInterval(this.timer)
    window.clearTimeout(this.retry)
    this.leave()
  }

  protected say(change: Partial<PlayerState>): void {
    if (this.stopped) return
    this.state = { ...this.state, ...change }
    this.tell(this.state)
  }

  protected leave(): void {
    this.round++
    this.drop()
    if (this.place) void fetch(this.place, { method: 'DELETE', keepalive: true }).catch(() => undefined) // the server finds out by itself
    this.place = null
  }

  protected again(why: Partial<PlayerState>, soon = false): void {
    this.leave()
    if (this.stopped) return
    this.say({ phase: this.state.drawnAt || why.reason !== 'broken' ? 'broken' : 'connecting', ...why })
    window.clearTimeout(this.retry)
    this.retry = window.setTimeout(() => void this.begin(), soon ? 0 : RETRY_MS)
  }

  protected end(why: Partial<PlayerState>): void {
    this.say({ phase: 'ended', ...why })
    this.stop()
  }

  private async begin(): Promise<void> {
    if (this.stopped) return
    const round = ++this.round
    const current = () => this.round === round
    try {
      await this.connect(current)
    } catch (error) {
      if (!current()) return
      console.warn('a picture does not begin:', error)
      this.again({ reason: navigator.onLine ? 'broken' : 'offline' })
    }
  }

  /** The query of what is asked for. */
  protected query(): string {
    const asked = [this.small && 'stream=sub', this.h264 && 'codec=h264'].filter(Boolean)
    return asked.length ? `?${asked.join('&')}` : ''
  }

  /** What the server answers that plays nothing. */
  protected async refused(current: () => boolean, answer: Response): Promise<void> {
    const { reason = '' } = (await answer.json().catch(() => ({}))) as { reason?: string }
    if (!current()) return
    if (reason === 'codec_not_offered' && !this.h264) return this.transcoded()
    if (final[reason]) this.end(final[reason])
    else if (forbids(answer.status, reason)) this.end({ reason: 'forbidden' })
    else this.again({ reason: passing.includes(reason) ? reason : 'broken' })
  }

  /** Begins anew, and asks for H.264. */
  protected transcoded(): void {
    this.h264 = true
    this.again({ reason: 'broken' }, true)
  }

  /** Draws each picture that the element shows. */
  protected draw(current: () => boolean, masks: Point[][]): void {
    const next = () => {
      if (!current()) return
      this.video.requestVideoFrameCallback(next)
      const { videoWidth, videoHeight } = this.video
      if (!videoWidth) return
      paint(this.context, this.video, videoWidth, videoHeight, masks, this.user)
      const latencyMs = this.age()
      // A picture that is drawn late is as old as one that has stopped: neither is called live.
      this.say({ phase: (latencyMs ?? 0) > STALE_MS ? 'stale' : 'live', reason: undefined, latencyMs, drawnAt: performance.now() - (latencyMs ?? 0) })
    }
    this.video.requestVideoFrameCallback(next)
  }
}
