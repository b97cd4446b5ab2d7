import type { components } from '../../api/schema.gen'

type Coverage = components['schemas']['AreaCoverage']
/** The cases of an area, and what cameras see of it where that was asked for. */
export type AreaFigures = components['schemas']['AreaFigures'] & { sight?: Coverage }

export const groupings = ['town', 'village', 'unit_grid'] as const
export type Grouping = (typeof groupings)[number]

/** Counts of the server, and two rates of them in percent of what was due. */
export const measures = ['open', 'overdue', 'created', 'closed', 'on_time_rate', 'closing_rate', 'seen'] as const
export type Measure = (typeof measures)[number]
export const isRate = (measure: Measure): measure is 'on_time_rate' | 'closing_rate' => measure === 'on_time_rate' || measure === 'closing_rate'

/** A share of the ground in percent. It has no grades of its own: no county sees most of itself. */
export const isShare = (measure: Measure): measure is 'seen' => measure === 'seen'
export const inPercent = (measure: Measure) => isRate(measure) || isShare(measure)

/** Which of the server's counts are the cases behind a number. Of a rate: all that were due. */
export const behindOf = (measure: Exclude<Measure, 'seen'>) => (isRate(measure) ? 'due' : measure)

/** The number of an area; null where there is none: no case was due. `perKm2` divides counts by the area's square kilometres. */
export function valueOf(area: AreaFigures, measure: Measure, perKm2: boolean): number | null {
  if (isRate(measure)) return area.due === 0 ? null : (100 * (measure === 'on_time_rate' ? area.on_time : area.closed)) / area.due
  if (isShare(measure)) return area.sight ? 100 * area.sight.seen : null
  return perKm2 ? (area.km2 > 0 ? area[measure] / area.km2 : null) : area[measure]
}

/** The five grades of the assessment, from the best: the least percentage of each. */
export const grades = [
  ['A', 90],
  ['B', 75],
  ['C', 60],
  ['D', 40],
  ['E', 0],
] as const

/** 0 is A, 4 is E. */
export const gradeOf = (percent: number) => grades.findIndex(([, least]) => percent >= least - 1e-9)

/**
 * Bounds of at most five classes that hold about as many areas each: class i has the values from bounds[i] up to the next bound. What has
 * none of it (0) is in no class. Where there are no more values than classes each has its own. Equal values are never in two classes.
 */
export function bounds(values: readonly number[], classes = 5): number[] {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b)
  const distinct = [...new Set(sorted)]
  if (distinct.length <= classes) return distinct
  const out: number[] = []
  for (let i = 0; i < classes; i++) {
    const from = sorted[Math.floor((i * sorted.length) / classes)]
    if (from !== undefined && from !== out.at(-1)) out.push(from)
  }
  return out
}

/** The class of a value from 0, or -1 for none. The fewer classes there are, the further they are apart. */
export function classOf(value: number | null, from: readonly number[]): number {
  if (value === null || value <= 0) return -1
  const place = from.findLastIndex((bound) => value >= bound)
  return place < 0 ? 0 : place
}

/** One of the five tints for a class of so many: the highest always has the strongest. */
export const tintOf = (place: number, classes: number) => (place < 0 ? -1 : classes < 2 ? 4 : Math.round((place * 4) / (classes - 1)))

/** What stands in the key of the map, from the least tint. Rates are tinted by how much is to be done: E has the strongest. */
export interface Step {
  tint: number
  text: string
  areas: number
}

export interface Graded {
  area: AreaFigures
  value: number | null
  /** -1: nothing to tint. */
  tint: number
  /** Sign of its class: A to E of a rate, 1 to 5 of a count, empty without. */
  sign: string
}

export function graded(areas: readonly AreaFigures[], measure: Measure, perKm2: boolean, format: (value: number) => string): { rows: Graded[]; steps: Step[] } {
  const values = areas.map((area) => valueOf(area, measure, perKm2))
  if (isRate(measure)) {
    const rows = areas.map((area, i) => {
      const value = values[i]!
      const place = value === null ? -1 : gradeOf(value)
      return { area, value, tint: place, sign: place < 0 ? '' : grades[place]![0] }
    })
    const steps = grades.map(([letter, least], tint) => ({ tint, text: tint === 4 ? `${letter} <${grades[3][1]}%` : `${letter} ≥${least}%`, areas: rows.filter((row) => row.tint === tint).length }))
    return { rows, steps }
  }
  const from = bounds(values.filter((value) => value !== null))
  const rows = areas.map((area, i) => {
    const place = classOf(values[i]!, from)
    return { area, value: values[i]!, tint: tintOf(place, from.length), sign: place < 0 ? '' : String(place + 1) }
  })
  const steps = from.map((least, place) => {
    const inside = rows.filter((row) => row.sign === String(place + 1))
    const most = Math.max(...inside.map(({ value }) => value ?? 0))
    return { tint: tintOf(place, from.length), text: `${place + 1} ${most > least ? `${format(least)}–${format(most)}` : format(least)}`, areas: inside.length }
  })
  return { rows, steps }
}

/** What asks for most stands first: the most cases, the lowest rate; what has no number last; the code decides between equals. */
export const byNeed = (measure: Measure) => (a: Graded, b: Graded) =>
  (a.value === null ? 1 : 0) - (b.value === null ? 1 : 0) || (inPercent(measure) ? (a.value ?? 0) - (b.value ?? 0) : (b.value ?? 0) - (a.value ?? 0)) || a.area.code.localeCompare(b.area.code)

export const windows = ['today', 'days7', 'days30', 'month'] as const
export type Window = (typeof windows)[number]

/** The span of a window that ends with this minute, in the time of the screen. */
export function spanOf(window: Window, now: number): { from: string; until: string } {
  const until = new Date(Math.ceil((now + 1) / 60_000) * 60_000)
  const from = new Date(now)
  from.setHours(0, 0, 0, 0)
  if (window === 'month') from.setDate(1)
  if (window === 'days7') from.setDate(from.getDate() - 6)
  if (window === 'days30') from.setDate(from.getDate() - 29)
  return { from: from.toISOString(), until: until.toISOString() }
}
