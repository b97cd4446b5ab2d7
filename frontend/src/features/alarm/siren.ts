/** blocked: the browser wants a gesture before it lets a page sound; missing: it has no sound. */
export type Sound = 'silent' | 'sounding' | 'blocked' | 'missing'

const BEAT_MS = 2000
/** Two tones, a fourth apart: heard through talk, and not painful. Hz and seconds. */
const tones = [
  { pitch: 784, from: 0, until: 0.32 },
  { pitch: 588, from: 0.38, until: 0.72 },
] as const
/** At full volume: a sine this high is loud enough across a room. */
const LOUDEST = 0.35

type Context = Pick<AudioContext, 'state' | 'resume' | 'createOscillator' | 'createGain' | 'currentTime' | 'destination' | 'addEventListener'>

/** The sound itself: two tones every two seconds, made by the browser. */
export class Siren {
  private context: Context | null = null
  private timer: ReturnType<typeof setInterval> | undefined
  private volume = 1
  private now: Sound = 'silent'

  constructor(
    private readonly changed: (sound: Sound) => void,
    private readonly make: () => Context | null = () => (typeof AudioContext === 'undefined' ? null : new AudioContext()),
  ) {}

  /** Sounds until it is stopped; asked again, it only changes its volume, 0 to 1. */
  start(volume: number): void {
    this.volume = volume
    if (this.timer !== undefined) return
    this.timer = setInterval(this.beat, BEAT_MS)
    this.open()
    this.beat()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
    this.tell('silent')
  }

  /** By a gesture: what the browser blocked sounds from now on. */
  enable(): void {
    this.open()
    void this.context?.resume().then(this.beat)
  }

  /** Once, to hear how loud it is. */
  once(volume: number): void {
    this.volume = volume
    this.open()
    void this.context?.resume().then(() => this.context && this.play(this.context))
  }

  private open(): void {
    if (this.context) return
    this.context = this.make()
    this.context?.addEventListener('statechange', () => this.timer !== undefined && this.beat())
  }

  private readonly beat = (): void => {
    if (this.timer === undefined) return
    if (!this.context) return this.tell('missing')
    if (this.context.state !== 'running') {
      void this.context.resume().catch(() => {}) // it asks in vain until somebody touches the page
      return this.tell('blocked')
    }
    this.tell('sounding')
    this.play(this.context)
  }

  private playedAt = -1
  private play(context: Context): void {
    const start = context.currentTime
    if (this.playedAt >= 0 && start - this.playedAt < 0.8) return // two reasons to beat at once are one beat
    this.playedAt = start
    for (const { pitch, from, until } of tones) {
      const tone = context.createOscillator()
      const gain = context.createGain()
      tone.frequency.value = pitch
      gain.gain.setValueAtTime(0, start + from)
      gain.gain.linearRampToValueAtTime(LOUDEST * this.volume, start + from + 0.03) // without a click
      gain.gain.setValueAtTime(LOUDEST * this.volume, start + until - 0.06)
      gain.gain.linearRampToValueAtTime(0, start + until)
      tone.connect(gain).connect(context.destination as AudioNode)
      tone.start(start + from)
      tone.stop(start + until)
    }
  }

  private tell(sound: Sound): void {
    if (sound === this.now) return
    this.now = sound
    this.changed(sound)
  }
}
