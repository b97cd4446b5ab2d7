/** From how far the screen is read. */
export type Display = 'desk' | 'wall'

/**
 * The size of 1 rem in CSS pixels. It follows the screen's height: a wider screen gets more columns, never larger
 * text; on a desk's screen that stands upright it is what leaves room for columns. Desk: 17 px at 1080. Wall: 30 px at 1080, which at 8 m and a pixel pitch of 1.25 mm is the smallest
 * legible character; the smallest text of the wall's type scale is 1 rem (styles/base.css), and it never goes below 30 px.
 */
export function remFor(heightPx: number, display: Display, widthPx = Infinity): number {
  if (display === 'wall') return Math.max(30, heightPx / 36)
  return Math.min(48, Math.max(14, Math.min(heightPx / 64, widthPx / 92)))
}

/** Phones keep the browser's own size: people set it to what they can read. */
const phone = () => matchMedia('(max-width: 48rem) and (pointer: coarse), (max-width: 30rem)').matches

export function applyScale(display: Display): void {
  const root = document.documentElement
  root.style.fontSize = display === 'desk' && phone() ? '' : `${remFor(window.innerHeight, display, window.innerWidth).toFixed(2)}px`
}
