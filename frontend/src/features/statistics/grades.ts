import type { components } from '../../api/schema.gen'

type Coverage = components['schemas']['AreaCoverage']
/** The cases of an area, and what cameras see of it where that was asked for. */
export type AreaFigures = components['schemas']['AreaFigures'] & { sight?: Coverage }

export const groupings = ['town', 'village', 'duty_grid', 'unit_grid'] as const
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

/** The six numbers that the server counts. */
export type Counts = Pick<AreaFigures, 'open' | 'overdue' | 'created' | 'closed' | 'on_time' | 'due'>
export const counted = ['open', 'overdue', 'created', 'closed', 'on_time', 'due'] as const

/** What a count is divided by. */
export const denominators = ['none', 'km2', 'people'] as const
export type Per = (typeof denominators)[number]
const PEOPLE = 10_000

/** The number of a set of cases; null where there is none: no case was due. */
export function numberOf(of: Counts, measure: Exclude<Measure, 'seen'>): number | null {
  if (isRate(measure)) return of.due === 0 ? null : (100 * (measure === 'on_time_rate' ? of.on_time : of.closed)) / of.due
  return of[measure]
}

/** The number of an area; null where there is none: no case was due, or nobody knows what to divide by. Counts alone are divided. */
export function valueOf(area: AreaFigures, measure: Measure, per: Per): number | null {
  if (isShare(measure)) return area.sight ? 100 * area.sight.seen : null
  const value = numberOf(area, measure)
  if (isRate(measure) || per === 'none' || value === null) return value
  const by = per === 'km2' ? area.km2 : (area.inhabitants ?? 0) / PEOPLE
  return by > 0 ? value / by : null
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

/** More different values than these are thinned before breaks are sought: the search takes their square. */
const MOST_VALUES = 400

/**
 * Natural breaks (Jenks): bounds of at most five classes within which values differ least, by the sum of squares. As with `bounds`, what has none of it is in
 * no class and equal values are never in two.
 */
export function naturalBounds(values: readonly number[], classes = 5): number[] {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b)
  const all = [...new Set(sorted)]
  if (all.length <= classes) return all
  const step = Math.max(1, all.length / MOST_VALUES)
  const distinct = Array.from({ length: Math.min(all.length, MOST_VALUES) }, (_, i) => all[Math.floor(i * step)]!)
  const weight = distinct.map(() => 0)
  let place = 0
  for (const value of sorted) {
    while (place + 1 < distinct.length && value >= distinct[place + 1]!) place++
    weight[place]!++
  }
  // prefix sums give the squares of any run of values at once
  const n = [0], sum = [0], squares = [0]
  distinct.forEach((value, i) => {
    n.push(n[i]! + weight[i]!)
    sum.push(sum[i]! + weight[i]! * value)
    squares.push(squares[i]! + weight[i]! * value * value)
  })
  const spread = (from: number, to: number) => {
    const count = n[to]! - n[from]!
    const total = sum[to]! - sum[from]!
    return squares[to]! - squares[from]! - (total * total) / count
  }
  let least = distinct.map((_, i) => spread(0, i + 1))
  const cuts: number[][] = []
  for (let k = 1; k < classes; k++) {
    const next: number[] = []
    const cut: number[] = []
    for (let i = 0; i < distinct.length; i++) {
      let best = Infinity
      let at = i
      for (let j = k; j <= i; j++) {
        const cost = least[j - 1]! + spread(j, i + 1)
        if (cost < best) [best, at] = [cost, j]
      }
      next.push(best)
      cut.push(at)
    }
    cuts.push(cut)
    least = next
  }
  const out: number[] = []
  for (let k = classes - 2, end = distinct.length - 1; k >= 0; k--) {
    const from = cuts[k]![end]!
    out.unshift(distinct[from]!)
    end = from - 1
  }
  return [distinct[0]!, ...out]
}

export const classings = ['quantile', 'natural'] as const
export type Classing = (typeof classings)[number]

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

export function graded(areas: readonly AreaFigures[], measure: Measure, per: Per, format: (value: number) => string, classing: Classing = 'quantile'): { rows: Graded[]; steps: Step[] } {
  const values = areas.map((area) => valueOf(area, measure, per))
  if (isRate(measure)) {
    const rows = areas.map((area, i) => {
      const value = values[i]!
      const place = value === null ? -1 : gradeOf(value)
      return { area, value, tint: place, sign: place < 0 ? '' : grades[place]![0] }
    })
    const steps = grades.map(([letter, least], tint) => ({ tint, text: tint === 4 ? `${letter} <${grades[3][1]}%` : `${letter} ≥${least}%`, areas: rows.filter((row) => row.tint === tint).length }))
    return { rows, steps }
  }
  const from = (classing === 'natural' ? naturalBounds : bounds)(values.filter((value) => value !== null))
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

export const windows = ['today', 'days7', 'days30', 'month', 'year'] as const
export type Window = (typeof windows)[number]

export interface Span {
  from: string
  until: string
}

/** How many days before today a window begins. */
const back = { today: 0, days7: 6, days30: 29, year: 364 } as const

/** The span of a window that ends with this minute, in the time of the screen. */
export function spanOf(window: Window, now: number): Span {
  const until = new Date(Math.ceil((now + 1) / 60_000) * 60_000)
  const from = new Date(now)
  from.setHours(0, 0, 0, 0)
  if (window === 'month') from.setDate(1)
  else from.setDate(from.getDate() - back[window])
  return { from: from.toISOString(), until: until.toISOString() }
}

/** The span before, as long and as far on: what today had brought is compared with yesterday up to the same minute, a month with the one before up to the same day. */
export function spanBefore(window: Window, now: number): Span {
  const { from, until } = spanOf(window, now)
  const shift = (text: string) => {
    const at = new Date(text)
    if (window !== 'month') at.setDate(at.getDate() - back[window] - 1)
    else {
      const day = at.getDate()
      at.setDate(1)
      at.setMonth(at.getMonth() - 1)
      at.setDate(Math.min(day, new Date(at.getFullYear(), at.getMonth() + 1, 0).getDate()))
    }
    return at.toISOString()
  }
  return { from: shift(from), until: shift(until) }
}

/** Which numbers have one of the span before: of what is open or overdue now no earlier count is kept, and rates are of what is due now. */
export const hasBefore = (measure: Measure): measure is 'created' | 'closed' => measure === 'created' || measure === 'closed'

/** A percentage of fewer than these says more than there is. */
export const FEW = 10

/** What changed; without a percentage where there were few before. */
export function changeOf(now: number, before: number): { by: number; percent: number | null } {
  return { by: now - before, percent: before < FEW ? null : (100 * (now - before)) / before }
}
