/** How fast a camera turns, in parts of what it can: 1 is the fastest to the right, upwards, nearer. */
export interface Turn {
  pan: number
  tilt: number
  zoom: number
}

export type Command = ({ command: 'move'; for_ms: number } & Turn) | { command: 'stop' }

/** A camera that is told to turn stops by itself after so long: a page that is gone stops nothing. */
export const HOLD_MS = 1500
/** Before that it is told again, while the button is held. */
export const RENEW_MS = 1000

const same = (a: Turn | null, b: Turn | null) => a === b || (!!a && !!b && a.pan === b.pan && a.tilt === b.tilt && a.zoom === b.zoom)

/**
 * Turns a camera while something is held. One command is under way at a time, since one that overtakes another would have the camera turn on after it was let go;
 * what was held in between is passed over, a stop never.
 */
export class Turner {
  private want: Turn | null = null
  private moving = false
  private busy = false
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly send: (command: Command) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  hold(turn: Turn): void {
    if (!same(turn, this.want)) this.set(turn)
  }

  release(): void {
    if (this.want) this.set(null)
  }

  private set(want: Turn | null): void {
    this.want = want
    clearTimeout(this.timer)
    if (!this.busy) void this.tell()
  }

  private async tell(): Promise<void> {
    this.busy = true
    let told: Turn | null
    do {
      told = this.want
      if (!told && !this.moving) continue // it was let go of before anything was sent
      this.moving = told !== null
      try {
        await this.send(told ? { command: 'move', ...told, for_ms: HOLD_MS } : { command: 'stop' })
      } catch (error) {
        // Nothing more is tried by itself but to stop, where it may have been heard: the server ends a move in any case.
        this.want = null
        this.failed(error)
      }
    } while (!same(told, this.want))
    this.busy = false
    if (this.want) this.timer = setTimeout(() => void this.tell(), RENEW_MS)
  }
}

const directions: Record<string, Partial<Turn>> = {
  ArrowLeft: { pan: -1 },
  ArrowRight: { pan: 1 },
  ArrowUp: { tilt: 1 },
  ArrowDown: { tilt: -1 },
  '+': { zoom: 1 },
  '=': { zoom: 1 },
  '-': { zoom: -1 },
  _: { zoom: -1 },
}

/** Whether a key turns a camera. */
export const turns = (key: string) => Object.hasOwn(directions, key)

/** What keys that are held together mean: two arrows are a slant, opposite ones nothing. */
export function turnOf(keys: Iterable<string>, speed: number): Turn | null {
  const sum: Turn = { pan: 0, tilt: 0, zoom: 0 }
  for (const key of keys) {
    const to = directions[key]
    for (const axis of ['pan', 'tilt', 'zoom'] as const) sum[axis] = Math.sign(sum[axis] + (to?.[axis] ?? 0))
  }
  if (!sum.pan && !sum.tilt && !sum.zoom) return null
  return { pan: sum.pan * speed, tilt: sum.tilt * speed, zoom: sum.zoom * speed }
}
