import type { components } from '../../api/schema.gen'

export type Flow = components['schemas']['Flow']

/** An arrow of the map: a bowed line from area to area. */
export interface Arrow {
  flow: Flow
  line: [number, number][]
  /** 1 to 5: how wide it is. */
  width: number
}

const BOW = 0.16
const STEPS = 24

/** A line from a to b that bows to its right, so that two ways are two lines. It ends short of b for the head. */
export function bowed(a: readonly number[], b: readonly number[]): [number, number][] {
  const squeeze = Math.cos((((a[1]! + b[1]!) / 2) * Math.PI) / 180)
  const dx = (b[0]! - a[0]!) * squeeze
  const dy = b[1]! - a[1]!
  const middle = [(a[0]! + b[0]!) / 2 + (dy * BOW) / squeeze, (a[1]! + b[1]!) / 2 - dx * BOW]
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const t = (i / STEPS) * 0.94 + 0.03
    const u = 1 - t
    return [u * u * a[0]! + 2 * u * t * middle[0]! + t * t * b[0]!, u * u * a[1]! + 2 * u * t * middle[1]! + t * t * b[1]!]
  })
}

/** How many arrows a map bears. */
export const MOST_ARROWS = 24

/** The largest flows between different areas of which both places are known, as arrows; the least first, so that the largest lie on top. */
export function arrowsOf(flows: readonly Flow[], placeOf: (id: number) => readonly number[] | undefined): Arrow[] {
  const between = flows.filter(({ from, to }) => from !== 0 && from !== to && placeOf(from) && placeOf(to)).slice(0, MOST_ARROWS)
  const most = Math.max(1, ...between.map(({ tasks }) => tasks))
  return between.map((flow) => ({ flow, line: bowed(placeOf(flow.from)!, placeOf(flow.to)!), width: Math.max(1, Math.round((5 * flow.tasks) / most)) })).reverse()
}
