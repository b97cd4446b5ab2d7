/** What one screen shows of a view that many screens show together. All sizes are CSS pixels; the view counts from its upper left. */
export interface Layout {
  rows: number
  columns: number
  width: number
  height: number
  gap_x: number
  gap_y: number
  unit: 'px' | 'mm'
  pitch_mm: number
}

export interface Slice {
  /** Of the whole view, with what bezels hide. */
  whole: { width: number; height: number }
  x: number
  y: number
  width: number
  height: number
}

/**
 * Every screen draws so much more than it shows, on all sides: labels near a seam are then placed by the same neighbours at both of its
 * sides, and one that crosses it is drawn by both. A label that is wider loses its mate's part; the largest names of a wall are narrower.
 */
export const MARGIN = 320

/** Whole pixels that lie hidden between two neighbours. Like layers/wall.Layout.Gap. */
export function gap({ gap_x, gap_y, unit, pitch_mm }: Layout): [x: number, y: number] {
  const k = unit === 'mm' ? 1 / pitch_mm : 1
  return [Math.round(gap_x * k), Math.round(gap_y * k)]
}

/** The slice of a screen; row and column count from 1. Null: the wall has no such screen. */
export function sliceOf(layout: Layout, row: number, column: number): Slice | null {
  const { rows, columns, width, height } = layout
  if (!(row >= 1 && row <= rows && column >= 1 && column <= columns)) return null
  const [gx, gy] = gap(layout)
  return {
    whole: { width: columns * width + (columns - 1) * gx, height: rows * height + (rows - 1) * gy },
    x: (column - 1) * (width + gx),
    y: (row - 1) * (height + gy),
    width,
    height,
  }
}

export interface Optics {
  /** The canvas: the slice and its margin. */
  width: number
  height: number
  /** Degrees of vertical view. */
  fov: number
  /** Where the view's centre lies on the canvas; often outside of it. */
  center: { x: number; y: number }
}

/**
 * How a canvas has to be set up so that its pixels are those of the whole view: the same eye at the same distance (in pixels) from the
 * picture, which lies off the middle. Wall and slice have the same camera, so pitch and bearing are no special case.
 */
export function opticsOf({ whole, x, y, width, height }: Slice, wholeFov: number, margin = MARGIN): Optics {
  const canvas = { width: width + 2 * margin, height: height + 2 * margin }
  const half = Math.tan((wholeFov * Math.PI) / 360)
  return {
    ...canvas,
    fov: (Math.atan((half * canvas.height) / whole.height) * 360) / Math.PI,
    center: { x: whole.width / 2 - x + margin, y: whole.height / 2 - y + margin },
  }
}

/** MapLibre's padding that puts the centre there; it is never negative. */
export function paddingOf({ width, height, center }: Optics) {
  const [dx, dy] = [2 * center.x - width, 2 * center.y - height]
  return { left: Math.max(0, dx), right: Math.max(0, -dx), top: Math.max(0, dy), bottom: Math.max(0, -dy) }
}

interface Rectangle {
  row: number
  column: number
  rows: number
  columns: number
}

/** The part of a scene to which a screen belongs; null: it shows the scene itself. */
export function partOf<P extends Rectangle>(parts: readonly P[] | undefined, row: number, column: number): P | null {
  return parts?.find((p) => row >= p.row && row < p.row + p.rows && column >= p.column && column < p.column + p.columns) ?? null
}

/** The slice of a screen of a part, whose screens show a view of their own together. */
export function aloneFor(layout: Layout, part: Rectangle, row: number, column: number): Slice | null {
  return sliceOf({ ...layout, rows: part.rows, columns: part.columns }, row - part.row + 1, column - part.column + 1)
}
