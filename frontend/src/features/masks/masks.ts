/** A corner in parts of the picture's width and height, from the upper left. */
export type Corner = [number, number]
export type Mask = readonly Corner[]

export const maxMasks = 16
export const maxCorners = 64
/** A rectangle that is drawn smaller than this, in parts of the picture, was a press. */
const leastSide = 0.01

const part = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000
const corner = (x: number, y: number): Corner => [part(x), part(y)]

/** The rectangle between two corners, null where it is too small to be meant. */
export function rectangle([x, y]: Corner, [u, v]: Corner): Mask | null {
  if (Math.abs(x - u) < leastSide || Math.abs(y - v) < leastSide) return null
  return [corner(Math.min(x, u), Math.min(y, v)), corner(Math.max(x, u), Math.min(y, v)), corner(Math.max(x, u), Math.max(y, v)), corner(Math.min(x, u), Math.max(y, v))]
}

/** A mask with one corner somewhere else. */
export const moveCorner = (mask: Mask, at: number, [x, y]: Corner): Mask => mask.map((each, i) => (i === at ? corner(x, y) : each))

/** A mask moved as a whole, as far as the picture goes. */
export function moveMask(mask: Mask, dx: number, dy: number): Mask {
  const clip = (values: number[], d: number) => Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), d))
  const x = clip(mask.map((c) => c[0]), dx)
  const y = clip(mask.map((c) => c[1]), dy)
  return mask.map((c) => corner(c[0] + x, c[1] + y))
}

/** A mask with one more corner in the middle of the side that begins at `at`. */
export function addCorner(mask: Mask, at: number): Mask {
  if (mask.length >= maxCorners) return mask
  const a = mask[at]!
  const b = mask[(at + 1) % mask.length]!
  return [...mask.slice(0, at + 1), corner((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), ...mask.slice(at + 1)]
}

/** A mask without a corner; null where it would be none any more. */
export const dropCorner = (mask: Mask, at: number): Mask | null => (mask.length > 3 ? mask.filter((_, i) => i !== at) : null)

/** The share of the picture that a mask covers, 0 to 1. */
export const shareOf = (mask: Mask) => Math.abs(mask.reduce((sum, a, i) => { const b = mask[(i + 1) % mask.length]!; return sum + a[0] * b[1] - b[0] * a[1] }, 0)) / 2

/** How far an arrow key moves something, in parts of the picture. */
export function arrow(key: string, large: boolean): Corner | null {
  const step = large ? 0.05 : 0.005
  const way = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<string, [number, number]>)[key]
  return way ? [way[0] * step, way[1] * step] : null
}
