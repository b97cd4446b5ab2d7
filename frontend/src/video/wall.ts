import { metresBetween, type LonLat } from '../lib/geo'

/** How many pictures stand on the wall. */
export const layouts = [1, 4, 9, 16] as const
export type Layout = (typeof layouts)[number]
export const maxTiles = 16

/** What stands on the wall: a camera for every tile, null for an empty one, in the order of reading. */
export interface Wall {
  layout: Layout
  cameras: readonly (number | null)[]
}

/** The wall of an address: ?cameras=1,,3&layout=4. What cannot be read is left out; without a layout the smallest that holds all. */
export function parseWall(search: string): Wall {
  const params = new URLSearchParams(search)
  const cameras = (params.get('cameras') ?? '')
    .split(',')
    .slice(0, maxTiles)
    .map((word) => (/^[1-9]\d{0,15}$/.test(word) ? Number(word) : null))
  const used = cameras.findLastIndex((id) => id !== null) + 1
  const asked = layouts.find((n) => String(n) === params.get('layout'))
  return { layout: asked ?? layouts.find((n) => n >= Math.max(used, 4)) ?? 16, cameras: cameras.slice(0, used) }
}

/** Whether an address says what stands on the wall. */
export const addressed = (search: string) => ['cameras', 'layout', 'group'].some((name) => new URLSearchParams(search).has(name))

const KEPT = 'wanglou-video-wall'

/** The wall as it was left in this tab, which is what cameras are dropped on from the map. */
export const keptWall = (): Wall => parseWall(sessionStorage.getItem(KEPT) ?? '')
export const keepWall = (wall: Wall) => sessionStorage.setItem(KEPT, formatWall(wall, ''))

/** The tile that a camera goes to by itself: where it stands, the first that is free, else the last. */
export function tileFor({ layout, cameras }: Wall, id: number): number {
  const tiles = Array.from({ length: layout }, (_, i) => cameras[i] ?? null)
  const stands = tiles.indexOf(id)
  const free = tiles.indexOf(null)
  return stands >= 0 ? stands : free >= 0 ? free : layout - 1
}

/** The address's parameters of a wall. */
export function formatWall({ layout, cameras }: Wall, search: string): string {
  const params = new URLSearchParams(search)
  const used = cameras.slice(0, cameras.findLastIndex((id) => id !== null) + 1)
  params.delete('cameras')
  params.delete('group')
  params.set('layout', String(layout))
  if (used.length) params.set('cameras', used.map((id) => id ?? '').join(','))
  return `?${params.toString().replace(/%2C/g, ',')}`
}

/** A wall with one camera put into a tile; one that stands elsewhere already changes places. */
export function put(cameras: readonly (number | null)[], tile: number, id: number | null): (number | null)[] {
  const next: (number | null)[] = Array.from({ length: maxTiles }, (_, i) => cameras[i] ?? null)
  const was = id === null ? -1 : next.indexOf(id)
  if (was >= 0) next[was] = next[tile]!
  next[tile] = id
  return next
}

/** The tile that an arrow key leads to; at the edge it stays. */
export function step(at: number, key: string, layout: Layout): number {
  const side = Math.sqrt(layout)
  const x = at % side
  const y = Math.floor(at / side)
  switch (key) {
    case 'ArrowLeft':
      return x > 0 ? at - 1 : at
    case 'ArrowRight':
      return x < side - 1 ? at + 1 : at
    case 'ArrowUp':
      return y > 0 ? at - side : at
    case 'ArrowDown':
      return y < side - 1 ? at + side : at
  }
  return at
}

export interface Stop {
  camera_id: number
  dwell_s: number
}

/** A patrol in pages that fill the wall: each is shown as long as its most patient camera wants. */
export function pages(stops: readonly Stop[], layout: Layout): { cameras: number[]; dwellMs: number }[] {
  const out = []
  for (let i = 0; i < stops.length; i += layout) {
    const page = stops.slice(i, i + layout)
    out.push({ cameras: page.map((stop) => stop.camera_id), dwellMs: 1000 * Math.max(...page.map((stop) => stop.dwell_s)) })
  }
  return out
}

/** A grave case nearer than this holds a patrol. */
export const nearM = 500

/** The camera of a patrol that is nearest to a place, where one is near. */
export function nearest(place: LonLat, cameras: readonly number[], pointOf: (id: number) => LonLat | null): { id: number; metres: number } | null {
  let best: { id: number; metres: number } | null = null
  for (const id of cameras) {
    const point = pointOf(id)
    const metres = point ? metresBetween(place, point) : Infinity
    if (metres <= nearM && metres < (best?.metres ?? Infinity)) best = { id, metres }
  }
  return best
}
