import type Hls from 'hls.js'
import type { Point } from '../features/sight/paint'
import { serverNow } from '../lib/clock'
import { ElementPlayer } from './element'

interface Begun {
  place: string
  playlist: string
  codec: string
  masks: Point[][]
}

const LIST = 'application/vnd.apple.mpegurl'

/** By HLS, in pieces that are fetched by HTTP: for browsers, and lines, that let nothing else through. It is about a second behind, and says so. */
export class HlsPlayer extends ElementPlayer {
  private hls: Hls | null = null

  protected drop(): void {
    this.hls?.destroy()
    this.hls = null
    this.video.removeAttribute('src')
  }

  protected playing(): boolean {
    return this.place !== null
  }

  protected age(): number | undefined {
    const shown = this.hls?.playingDate
    return shown ? Math.max(0, Math.round(serverNow() - shown.getTime())) : undefined
  }

  protected async connect(current: () => boolean): Promise<void> {
    const { default: Library } = await import('hls.js/light')
    const itself = !Library.isSupported() && this.video.canPlayType(LIST) !== ''
    if (!current()) return
    if (!itself && !Library.isSupported()) return this.end({ reason: 'insecure' })
    const answer = await fetch(`/api/cameras/${this.id}/hls${this.query()}`, { method: 'POST' })
    if (!answer.ok) return this.refused(current, answer)
    const { place, playlist, codec, masks } = (await answer.json()) as Begun
    if (!current()) {
      void fetch(place, { method: 'DELETE' }).catch(() => undefined) // stopped meanwhile
      return
    }
    this.place = place
    if (!this.h264 && /^(hev1|hvc1)/.test(codec) && !this.shows(Library, codec)) return this.transcoded()
    this.say({ masked: masks.length > 0, way: 'hls' })
    this.draw(current, masks)
    if (itself) {
      this.video.onerror = () => current() && this.again({ reason: 'broken' })
      this.video.src = playlist
    } else {
      // Without a worker: what comes is put together already. Old pictures are let go of, and who is behind plays faster.
      const hls = (this.hls = new Library({ enableWorker: false, lowLatencyMode: true, backBufferLength: 4, maxBufferLength: 8, maxLiveSyncPlaybackRate: 1.3, liveDurationInfinity: true }))
      hls.on(Library.Events.ERROR, (_, { fatal, type, response }) => {
        // What the server refuses is asked for anew, which tells why.
        if (current() && (fatal || (type === Library.ErrorTypes.NETWORK_ERROR && (response?.code ?? 0) >= 400))) this.again({ reason: navigator.onLine ? 'broken' : 'offline' })
      })
      hls.loadSource(playlist)
      hls.attachMedia(this.video)
    }
    void this.video.play().catch((error: unknown) => current() && console.warn('a picture does not play:', error))
  }

  private shows(library: typeof Hls, codec: string): boolean {
    const type = `video/mp4; codecs="${codec.replace(/^hev1/, 'hvc1')}"`
    return library.getMediaSource()?.isTypeSupported(type) ?? this.video.canPlayType(type) !== ''
  }
}
