/** Contrast ratio of two opaque colours by WCAG 2.2, from 1 (equal) to 21 (black on white). */
export function contrast(a: string, b: string): number {
  const la = luminance(a)
  const lb = luminance(b)
  return (Math.max(la, lb) + 0.05) / (Math.min(la, lb) + 0.05)
}

/** Relative luminance of "#rrggbb", 0 to 1. */
export function luminance(hex: string): number {
  const [r, g, b] = linear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Red, green and blue of "#rrggbb" as light, each 0 to 1. */
export function linear(hex: string): [number, number, number] {
  return channels(hex).map((c) => {
    const s = c / 255
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
}

/** The colour that shows when `top` lies with the given opacity on `under`. */
export function blend(top: string, under: string, opacity: number): string {
  const t = channels(top)
  const u = channels(under)
  return '#' + t.map((c, i) => Math.round(c * opacity + u[i]! * (1 - opacity)).toString(16).padStart(2, '0')).join('')
}

function channels(hex: string): [number, number, number] {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) throw new Error(`not an opaque colour: ${hex}`)
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as [number, number, number]
}
