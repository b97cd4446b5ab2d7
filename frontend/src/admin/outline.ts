import type { LonLat } from '../lib/geo'

/** A ring that is not closed. */
export type OpenRing = LonLat[]
/** Polygons, each an outer ring and holes; no ring repeats its first corner. */
export type DrawnOutline = OpenRing[][]

/** Rings of a GeoJSON MultiPolygon without their last corner. */
export const opened = (coordinates: number[][][][]): DrawnOutline => coordinates.map((polygon) => polygon.map((ring) => ring.slice(0, -1).map(([lon, lat]) => [lon!, lat!] as LonLat)))

/** The MultiPolygon of GeoJSON; null where a ring has fewer than three corners, or there is none. */
export function closed(outline: DrawnOutline): { type: 'MultiPolygon'; coordinates: LonLat[][][] } | null {
  const drawn = outline.filter((polygon) => polygon.some((ring) => ring.length > 0))
  if (drawn.length === 0 || drawn.some((polygon) => polygon.some((ring) => ring.length < 3))) return null
  return { type: 'MultiPolygon', coordinates: drawn.map((polygon) => polygon.map((ring) => [...ring, ring[0]!])) }
}

/** A corner a line, longitude first; an empty line between polygons, "-" before a hole. */
export const asText = (outline: DrawnOutline): string => outline.map((polygon) => polygon.map((ring) => ring.map(([lon, lat]) => `${trim(lon)}, ${trim(lat)}`).join('\n')).join('\n-\n')).join('\n\n')

const trim = (degrees: number) => String(Number(degrees.toFixed(7))) // a centimetre

const separators = /[\s,，;；]+/

/** The outline that a text says, or the number of the line that cannot be read. */
export function fromText(text: string): { outline: DrawnOutline } | { line: number; why: 'form' | 'swapped' } {
  const outline: DrawnOutline = [[[]]]
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    const polygon = outline.at(-1)!
    if (line === '') {
      if (polygon.some((ring) => ring.length > 0)) outline.push([[]])
    } else if (line === '-') polygon.push([])
    else {
      const [lon, lat, ...rest] = line.split(separators).filter(Boolean).map(Number)
      if (rest.length > 0 || lon === undefined || lat === undefined || !Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lon) > 180) return { line: i + 1, why: 'form' }
      if (Math.abs(lat) > 90) return { line: i + 1, why: 'swapped' }
      polygon.at(-1)!.push([lon, lat])
    }
  }
  return { outline: outline.filter((polygon) => polygon.some((ring) => ring.length > 0)) }
}

/** Where a corner is: polygon, ring, corner. */
export type CornerPath = readonly [number, number, number]

const changed = (outline: DrawnOutline, [p, r]: readonly [number, number, ...number[]], change: (ring: OpenRing) => OpenRing): DrawnOutline => outline.map((polygon, i) => (i === p ? polygon.map((ring, j) => (j === r ? change(ring) : ring)) : polygon))

/** With another corner in the last ring. */
export function added(outline: DrawnOutline, at: LonLat): DrawnOutline {
  if (outline.length === 0) return [[[at]]]
  const p = outline.length - 1
  return changed(outline, [p, outline[p]!.length - 1], (ring) => [...ring, at])
}

/** With a corner elsewhere. */
export const movedCorner = (outline: DrawnOutline, path: CornerPath, to: LonLat): DrawnOutline => changed(outline, path, (ring) => ring.map((at, k) => (k === path[2] ? to : at)))

/** Without a corner; a ring that has none left goes. */
export const withoutCorner = (outline: DrawnOutline, path: CornerPath): DrawnOutline =>
  changed(outline, path, (ring) => ring.filter((_, k) => k !== path[2]))
    .map((polygon) => polygon.filter((ring) => ring.length > 0))
    .filter((polygon) => polygon.length > 0)

/** With a corner between a corner and the next one of its ring. */
export const splitEdge = (outline: DrawnOutline, path: CornerPath): DrawnOutline =>
  changed(outline, path, (ring) => {
    const a = ring[path[2]]!
    const b = ring[(path[2] + 1) % ring.length]!
    return [...ring.slice(0, path[2] + 1), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], ...ring.slice(path[2] + 1)]
  })
