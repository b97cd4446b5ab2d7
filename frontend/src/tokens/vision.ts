import { linear } from './contrast'

/** Kinds of colour vision that lack one of the three cones. */
export const deficiencies = ['protanopia', 'deuteranopia', 'tritanopia'] as const
export type Deficiency = (typeof deficiencies)[number]

/** How somebody without that cone sees linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0. */
const matrices: Record<Deficiency, readonly (readonly [number, number, number])[]> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

type Triple = [number, number, number]

/** How far apart two opaque colours are to the eye (OKLab, times 100): 2 is just seen side by side, black and white are 100 apart. With a deficiency: to whom has it. */
export function difference(a: string, b: string, deficiency?: Deficiency): number {
  const [one, two] = [a, b].map((colour) => oklab(seen(linear(colour), deficiency))) as [Triple, Triple]
  return 100 * Math.hypot(one[0] - two[0], one[1] - two[1], one[2] - two[2])
}

function seen(rgb: Triple, deficiency?: Deficiency): Triple {
  if (!deficiency) return rgb
  return matrices[deficiency].map((row) => Math.min(1, Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]))) as Triple
}

function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s]
}
