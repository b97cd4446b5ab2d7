/** Where things stand on a sheet of paper. All sizes are millimetres. */
import { MM_PER_INCH } from './scale'

export const papers = { A4: [210, 297], A3: [297, 420] } as const
export type PaperSize = keyof typeof papers
export type Turn = 'landscape' | 'portrait'
export interface Paper {
  size: PaperSize
  turn: Turn
}

export interface Rect {
  x: number
  y: number
  width: number
  height: number
}

export interface Layout {
  sheet: { width: number; height: number }
  /** The line around everything. */
  frame: Rect
  title: Rect
  map: Rect
  /** What stands beside the map, from its top to its bottom or from its left to its right. */
  legend: Rect
  scale: Rect
  facts: Rect
  /** Room of one line of the legend, and how many columns of lines fit. */
  line: number
  columns: number
  /** Height of common text. */
  text: number
}

const MARGIN = 10
/** Between the frame and the map stand the graticule's numbers. */
const EDGE = 5
const COLUMN = 44

/** A landscape has its legend at the right side, a portrait below the map. */
export function layoutOf({ size, turn }: Paper): Layout {
  const [short, long] = papers[size]
  const [width, height] = turn === 'landscape' ? [long, short] : [short, long]
  const large = size === 'A3'
  const text = large ? 3.4 : 2.9
  const line = text * 1.6
  const frame = { x: MARGIN, y: MARGIN, width: width - 2 * MARGIN, height: height - 2 * MARGIN }
  const title = { x: frame.x, y: frame.y, width: frame.width, height: large ? 16 : 13 }
  const top = title.y + title.height
  const right = frame.x + frame.width
  const bottom = frame.y + frame.height
  if (turn === 'landscape') {
    const side = large ? 66 : 56
    const map = { x: frame.x + EDGE, y: top + EDGE, width: frame.width - side - 2 * EDGE, height: bottom - top - 2 * EDGE }
    const x = map.x + map.width + EDGE + 3
    const facts = { x, y: bottom - 11 * line - 2, width: right - x - 3, height: 11 * line }
    const scale = { x, y: facts.y - 20, width: facts.width, height: 18 }
    return { sheet: { width, height }, frame, title, map, legend: { x, y: top + 4, width: facts.width, height: scale.y - top - 6 }, scale, facts, line, columns: 1, text }
  }
  const below = large ? 66 : 58
  const map = { x: frame.x + EDGE, y: top + EDGE, width: frame.width - 2 * EDGE, height: bottom - top - below - 2 * EDGE }
  const y = map.y + map.height + EDGE + 2
  const facts = { x: right - (large ? 92 : 70), y: y + 19, width: large ? 89 : 67, height: bottom - y - 21 }
  const scale = { x: facts.x, y, width: facts.width, height: 18 }
  const legend = { x: frame.x + 3, y, width: facts.x - frame.x - 6, height: bottom - y - 2 }
  return { sheet: { width, height }, frame, title, map, legend, scale, facts, line, columns: Math.max(1, Math.floor(legend.width / COLUMN)), text }
}

/** How large the legend's lines are, and how many stand below one another: a long legend is smaller, down to what is read on paper from a hand's distance, never cut before. */
export function legendRoom({ legend, line, columns, text }: Layout, count: number): { line: number; text: number; rows: number } {
  for (let k = 1; ; k -= 0.05) {
    const rows = Math.max(1, Math.floor((legend.height - line * k * 1.4) / (line * k)))
    if (rows * columns >= count || k < 0.56) return { line: line * k, text: text * k, rows }
  }
}

/** Pixels of millimetres at so many dots of an inch, whole ones. */
export const pixelsOf = (mm: number, dpi: number) => Math.round((mm / MM_PER_INCH) * dpi)

/** How wide a text is, in heights of its letters: Chinese ones are square. */
export const widthOf = (text: string) => [...text].reduce((sum, c) => sum + (c.codePointAt(0)! > 0x2e7f ? 1 : /[A-Z0-9mw°]/.test(c) ? 0.62 : 0.52), 0)

/** The height of letters at which a text has room, at most `height`. */
export const fitText = (text: string, room: number, height: number) => Math.min(height, room / Math.max(1, widthOf(text)))

/** A text in lines no wider than the room; words of letters are kept together. */
export function wrap(text: string, room: number, height: number, most: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const piece of text.match(/[\u2e80-\uffff]|\s+|[^\s\u2e80-\uffff]+/g) ?? []) {
    if (line !== '' && widthOf(line + piece) * height > room) {
      lines.push(line.trimEnd())
      line = piece.trimStart()
    } else line += piece
  }
  if (line.trim() !== '') lines.push(line.trimEnd())
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 1), `${lines[most - 1]!.slice(0, -1)}…`]
}
