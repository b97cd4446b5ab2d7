/** The ground along a way: metres from its beginning, metres above the sea. */
export interface Sample {
  d: number
  h: number
}

export interface Climb {
  least: number
  most: number
  up: number
  down: number
}

/** What a profile says in numbers. Steps under half a metre are the grid's, not the ground's. */
export function climb(samples: readonly Sample[]): Climb {
  const heights = samples.map(({ h }) => h)
  let [up, down, last] = [0, 0, heights[0] ?? 0]
  for (const h of heights) {
    if (Math.abs(h - last) < 0.5) continue
    if (h > last) up += h - last
    else down += last - h
    last = h
  }
  return { least: Math.min(...heights), most: Math.max(...heights), up, down }
}

const EARTH_M = 6_371_000
/** How much of the earth's curve the air bends light back, as surveyors take it. */
const REFRACTION = 0.13

/** Whether the last place is seen from the first one, `eye` and `mark` metres above the ground there; else what stands highest in the way. The earth's curve and the air count, houses and trees do not. */
export function sight(samples: readonly Sample[], eye: number, mark: number): { sees: boolean; blockedAt: Sample | null } {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last || last.d <= first.d) return { sees: true, blockedAt: null }
  const length = last.d - first.d
  const from = first.h + eye
  const to = last.h + mark
  let worst = 0
  let blockedAt: Sample | null = null
  for (const sample of samples.slice(1, -1)) {
    const x = sample.d - first.d
    const bulge = ((1 - REFRACTION) * x * (length - x)) / (2 * EARTH_M) // above the chord
    const over = sample.h + bulge - (from + ((to - from) * x) / length)
    if (over > worst) [worst, blockedAt] = [over, sample]
  }
  return { sees: blockedAt === null, blockedAt }
}
