/** A map that drew nothing for so long has all that it asked for: signs are laid out a frame after it came to rest. */
const SETTLED_MS = 300
/** Where units glide or a new case beats the map never rests: then all its tiles were there for so long, and names have faded in. */
const FILLED_MS = 2000

/** Since when a screen's map shows all that it has to. Times are those of `performance.now()`. */
export class Drawn {
  /** When anything was drawn last, or rightly was not. */
  at: number
  /** Since when the map has nothing to draw; null while it has. */
  private still: number | null = null
  /** Since when all tiles of where the camera stands are there. That some are loaded anew later hides nothing. */
  private filled: number | null = null

  constructor(now: number) {
    this.at = now
  }

  /** The camera is another: all will be drawn anew. */
  moved(): void {
    this.still = this.filled = null
  }

  /** What is to be seen from there is another, or is called otherwise: a map that rests may have nothing to draw. */
  changed(): void {
    this.filled = null
  }

  rendered(now: number, tiles: boolean): void {
    this.at = now
    this.still = null
    if (tiles) this.filled ??= now
  }

  rested(now: number): void {
    this.still = now
  }

  /** Milliseconds since the picture was last right: that of a map with nothing to draw is. */
  age(now: number): number {
    if (this.still !== null) this.at = now
    return now - this.at
  }

  /** `restless` says that something moves on the map by itself. */
  whole(now: number, restless: boolean): boolean {
    if (this.still !== null) return now - this.still > SETTLED_MS
    return restless && this.filled !== null && now - this.filled > FILLED_MS
  }
}
