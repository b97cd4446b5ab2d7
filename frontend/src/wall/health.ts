/** A picture that should be drawn and was not for so long stands still. */
const HANG_MS = 30_000
/** A page that is younger is still loading: it is not loaded again over and over. */
const GRACE_MS = 60_000
/** So long a screen has for taking a new release, alone among those of its wall. */
export const TURN_MS = 20_000
/** Waiting for a quiet moment ends: a county may have a grave case open for weeks. */
const PATIENCE_MS = 24 * 3600_000

export interface Health {
  /** Milliseconds since the page began. */
  age: number
  /** Milliseconds since the picture was last right. */
  frameAge: number
  /** Whether anybody could see it: a browser draws nothing for a window that is covered. */
  visible: boolean
}

/** Whether the page has to be loaded again. */
export function hangs({ age, frameAge, visible }: Health): boolean {
  return visible && age > GRACE_MS && frameAge > HANG_MS
}

export interface Moment {
  /** The server's clock, milliseconds since 1970. */
  now: number
  /** When the playlist goes on; NaN where it does not. */
  until: number
  /** The scene is shown whole, and nothing moves. */
  whole: boolean
  /** A case jumped in. */
  jumped: boolean
  /** A case of severity 1 is open. */
  grave: boolean
  /** Milliseconds since another release was heard of. */
  waited: number
  /** Which of how many screens this one is, from 0. */
  screen: number
  screens: number
}

/**
 * Whether a screen may take a new release now: between movements, with time until the next one, while nothing grave happens, and when it is its turn: never do two
 * screens of a wall load at once.
 */
export function quiet({ now, until, whole, jumped, grave, waited, screen, screens }: Moment): boolean {
  if (!whole || jumped || (grave && waited < PATIENCE_MS)) return false
  if (until - now < TURN_MS && waited < PATIENCE_MS) return false
  return Math.floor(now / TURN_MS) % screens === screen
}
