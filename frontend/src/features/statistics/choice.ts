import { createStore } from '../../lib/store'
import { type Classing, type Grouping, type Measure, type Per, type Window, classings, denominators, groupings, measures, windows } from './grades'

/** How the numbers stand on the map. */
export const drawings = ['tint', 'counts', 'heat', 'flows', 'multiples'] as const
export type Drawing = (typeof drawings)[number]

/** By what cases are split; as the server names them. */
export const splits = ['hour', 'weekday', 'month', 'class', 'channel', 'severity'] as const
export type Split = (typeof splits)[number]

/** The parts of each split that are brushed; none of a split is all of it. */
export type Brushed = Partial<Record<Split, readonly string[]>>

export interface Choice {
  by: Grouping
  measure: Measure
  window: Window
  per: Per
  classing: Classing
  draw: Drawing
  /** By what small maps differ. */
  split: Split
  brushed: Brushed
  /** Id of the area whose cases are shown. */
  area: number | null
}

export const usual: Choice = { by: 'town', measure: 'open', window: 'days7', per: 'none', classing: 'quantile', draw: 'tint', split: 'weekday', brushed: {}, area: null }

/** The parameter of the address: by:village;measure:closed;hour:7,8. What is as usual is left out; nothing is the empty text. */
export function formatChoice(choice: Choice): string {
  const out: string[] = []
  for (const name of ['by', 'measure', 'window', 'per', 'classing', 'draw', 'split'] as const) if (choice[name] !== usual[name]) out.push(`${name}:${choice[name]}`)
  for (const split of splits) if (choice.brushed[split]?.length) out.push(`${split}:${choice.brushed[split].join(',')}`)
  if (choice.area !== null) out.push(`area:${choice.area}`)
  return out.join(';')
}

/** What an address says. What it says wrongly is as usual. */
export function parseChoice(text: string): Choice {
  const said = new Map(text.split(';').map((each) => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 1)]))
  const one = <T extends string>(name: string, list: readonly T[], otherwise: T) => list.find((each) => each === said.get(name)) ?? otherwise
  const brushed: Brushed = {}
  for (const name of splits) {
    const keys = (said.get(name) ?? '').split(',').filter((key) => /^[a-z_0-9-]{1,32}$/.test(key))
    if (keys.length > 0) brushed[name] = keys
  }
  const area = Number(said.get('area'))
  return {
    by: one('by', groupings, usual.by),
    measure: one('measure', measures, usual.measure),
    window: one('window', windows, usual.window),
    per: one('per', denominators, usual.per),
    classing: one('classing', classings, usual.classing),
    draw: one('draw', drawings, usual.draw),
    split: one('split', splits, usual.split),
    brushed,
    area: Number.isSafeInteger(area) && area > 0 ? area : null,
  }
}

/** One part more or less of a split. */
export function brush(brushed: Brushed, split: Split, keys: readonly string[]): Brushed {
  const now = brushed[split] ?? []
  const next = keys.every((key) => now.includes(key)) ? now.filter((key) => !keys.includes(key)) : [...now, ...keys.filter((key) => !now.includes(key))]
  const { [split]: _, ...rest } = brushed
  return next.length > 0 ? { ...rest, [split]: next } : rest
}

export const isBrushed = (brushed: Brushed) => splits.some((split) => (brushed[split]?.length ?? 0) > 0)

/** The parameters by which the server narrows. */
export const partsOf = (brushed: Brushed): Partial<Record<Split, string>> => Object.fromEntries(splits.flatMap((split) => (brushed[split]?.length ? [[split, brushed[split].join(',')]] : [])))

const PARAMETER = 'stat'

/** What is looked at; who comes back from a case finds it as it was. */
export const choice = createStore<Choice>(usual)
export const choose = (what: Partial<Choice>) => choice.set((now) => ({ ...now, ...what }))

/** Takes what the address says, where it says something. */
export function readAddress(): void {
  const text = new URLSearchParams(location.search).get(PARAMETER)
  if (text !== null) choice.set(parseChoice(text))
}

/** Makes the address say what is looked at; null takes it away. */
export function writeAddress(of: Choice | null): void {
  const params = new URLSearchParams(location.search)
  params.delete(PARAMETER)
  const text = of ? formatChoice(of) : ''
  const rest = params.toString().replace(/%2F/g, '/')
  const query = [rest, text && `${PARAMETER}=${text}`].filter(Boolean).join('&')
  history.replaceState(null, '', location.pathname + (query ? `?${query}` : ''))
}

/** What parts are called: three or more that follow one another, in the order of all of them, are told by the first and the last. */
export function runs(keys: readonly string[], all: readonly string[] | undefined, name: (key: string) => string): string[] {
  const out: string[][] = []
  for (const key of all ? all.filter((each) => keys.includes(each)) : keys) {
    const run = out.at(-1)
    if (all && run && all.indexOf(key) === all.indexOf(run.at(-1)!) + 1) run.push(key)
    else out.push([key])
  }
  return out.flatMap((run) => (run.length > 2 ? [`${name(run[0]!)}–${name(run.at(-1)!)}`] : run.map(name)))
}
