import type { Tokens } from '../tokens/tokens'
import { severityShapes } from '../ui/shapes'

/** Kinds of units that have a sign of their own. */
export const unitKinds = ['team', 'grid_worker', 'drone_crew', 'department'] as const
export type UnitKind = (typeof unitKinds)[number]

/** What a unit's badge says: at work is bright, free is dim, off duty is hollow. */
export const unitLooks = ['busy', 'available', 'off_duty'] as const
export type UnitLook = (typeof unitLooks)[number]

/** A sign in a square box of `size` pixels at scale 1. */
export interface Icon {
  size: number
  draw: (ctx: CanvasRenderingContext2D, t: Tokens) => void
}

const fontFamily = "'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"

/** All signs of the map by name. Shapes come before colours: each can be told from the others in grey. */
export const icons: ReadonlyMap<string, Icon> = new Map<string, Icon>([
  ...([1, 2, 3] as const).flatMap((level): [string, Icon][] => [
    [`severity-${level}`, { size: level === 1 ? 34 : 30, draw: (ctx, t) => severity(ctx, t, level, true) }],
    [`severity-${level}-underway`, { size: level === 1 ? 34 : 30, draw: (ctx, t) => severity(ctx, t, level, false) }],
  ]),
  ['detection', { size: 26, draw: (ctx, t) => house(ctx, t, false) }],
  ['detection-confirmed', { size: 26, draw: (ctx, t) => house(ctx, t, true) }],
  ...unitKinds.flatMap((kind) => unitLooks.map((look): [string, Icon] => [`unit-${kind}-${look}`, { size: 30, draw: (ctx, t) => unitBadge(ctx, t, kind, look) }])),
  ['ring', { size: 58, draw: (ctx, t) => ring(ctx, t, 24) }],
  ['ring-small', { size: 36, draw: (ctx, t) => ring(ctx, t, 13) }],
  ['badge', { size: 22, draw: badge }],
])

/** The name of an incident's sign: filled while it waits for somebody to act, hollow while somebody is on it. */
export function incidentIcon(severity: unknown, state: unknown): string {
  const level = severity === 1 || severity === 2 ? severity : 3
  const waiting = state === 'reported' || state === 'verifying' || state === 'accepted' || state === 'filed' || state === 'checking'
  return waiting ? `severity-${level}` : `severity-${level}-underway`
}

export function unitIcon(kind: unknown, status: unknown): string {
  const known = unitKinds.find((k) => k === kind) ?? 'team'
  return `unit-${known}-${unitLook(status)}`
}

export function unitLook(status: unknown): UnitLook {
  return status === 'off_duty' || status === 'available' ? status : 'busy'
}

export interface StretchImage {
  data: ImageData
  options: { pixelRatio: number; stretchX?: [number, number][]; stretchY?: [number, number][]; content?: [number, number, number, number] }
}

/** Draws a sign for MapLibre: at the screen's pixel ratio, multiplied by the size of text. */
export function render(name: string, tokens: Tokens, scale: number, pixelRatio: number): StretchImage {
  const icon = icons.get(name)
  if (!icon) throw new Error(`no icon ${name}`)
  const pixels = Math.ceil(icon.size * scale * pixelRatio)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = pixels
  const ctx = canvas.getContext('2d', { willReadFrequently: true })!
  ctx.scale(pixels / icon.size, pixels / icon.size)
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  icon.draw(ctx, tokens)
  const data = ctx.getImageData(0, 0, pixels, pixels)
  if (name !== 'badge') return { data, options: { pixelRatio } }
  const [from, to] = [pixels * 0.45, pixels * 0.55]
  const edge = pixels * 0.2
  return { data, options: { pixelRatio, stretchX: [[from, to]], stretchY: [[from, to]], content: [edge, edge, pixels - edge, pixels - edge] } }
}

function severity(ctx: CanvasRenderingContext2D, t: Tokens, level: 1 | 2 | 3, filled: boolean): void {
  const shape = severityShapes[level]
  const size = level === 1 ? 34 : 30
  const color = t.sev[level - 1]!
  ctx.save()
  ctx.translate(3, 3)
  const k = (size - 6) / 24
  ctx.scale(k, k)
  const path = new Path2D(shape.path)
  ctx.strokeStyle = t.map.ink
  ctx.lineWidth = 5
  ctx.stroke(path) // stands off from whatever is below
  ctx.fillStyle = filled ? color : t.map.ink
  ctx.fill(path)
  if (!filled) {
    ctx.save()
    ctx.clip(path)
    ctx.strokeStyle = color
    ctx.lineWidth = 5.5
    ctx.stroke(path)
    ctx.restore()
  }
  ctx.fillStyle = filled ? t.onSev : color
  ctx.font = `700 ${filled ? shape.numberSize : shape.numberSize - 1.5}px ${fontFamily}`
  ctx.textAlign = 'center'
  ctx.fillText(String(level), 12, shape.numberY - (filled ? 0 : 0.6))
  ctx.restore()
}

function house(ctx: CanvasRenderingContext2D, t: Tokens, filled: boolean): void {
  const path = new Path2D('M13 4 L22 12 H20 V21 H6 V12 H4 Z')
  ctx.strokeStyle = t.map.ink
  ctx.lineWidth = 5
  ctx.stroke(path)
  ctx.fillStyle = filled ? t.sev[1] : t.map.ink
  ctx.fill(path)
  ctx.strokeStyle = t.sev[1]
  ctx.lineWidth = 2
  ctx.stroke(path)
}

function unitBadge(ctx: CanvasRenderingContext2D, t: Tokens, kind: UnitKind, look: UnitLook): void {
  const { unit, unitIdle, onUnit, ink } = t.map
  const box = new Path2D()
  if (kind === 'drone_crew') box.arc(15, 15, 10, 0, 2 * Math.PI)
  else if (kind === 'grid_worker') box.roundRect(6.5, 5, 17, 20, 8.5)
  else box.roundRect(4, 7, 22, 16, kind === 'department' ? 1 : 4)
  ctx.strokeStyle = ink
  ctx.lineWidth = 4
  ctx.stroke(box)
  const hollow = look === 'off_duty'
  ctx.fillStyle = hollow ? ink : look === 'busy' ? unit : unitIdle
  ctx.fill(box)
  ctx.strokeStyle = look === 'busy' ? unit : unitIdle
  ctx.lineWidth = 1.6
  ctx.stroke(box)
  ctx.strokeStyle = ctx.fillStyle = hollow ? unitIdle : look === 'busy' ? onUnit : ink === '#ffffff' ? ink : onUnit
  ctx.lineWidth = 2.2
  const sign = new Path2D()
  switch (kind) {
    case 'team':
      sign.moveTo(9.5, 12.5)
      sign.lineTo(20.5, 12.5)
      sign.moveTo(9.5, 17.5)
      sign.lineTo(20.5, 17.5)
      break
    case 'grid_worker':
      sign.arc(15, 11.6, 2, 0, 2 * Math.PI)
      sign.moveTo(10.8, 20)
      sign.quadraticCurveTo(15, 13.4, 19.2, 20)
      break
    case 'drone_crew':
      sign.moveTo(11, 11)
      sign.lineTo(19, 19)
      sign.moveTo(19, 11)
      sign.lineTo(11, 19)
      break
    case 'department':
      sign.moveTo(11, 19)
      sign.lineTo(11, 11.5)
      sign.moveTo(15, 19)
      sign.lineTo(15, 11.5)
      sign.moveTo(19, 19)
      sign.lineTo(19, 11.5)
  }
  ctx.stroke(sign)
}

function ring(ctx: CanvasRenderingContext2D, t: Tokens, radius: number): void {
  const center = radius + 5
  ctx.beginPath()
  ctx.arc(center, center, radius, 0, 2 * Math.PI)
  ctx.strokeStyle = t.map.ink
  ctx.lineWidth = 6.5
  ctx.stroke()
  ctx.strokeStyle = t.map.ring
  ctx.lineWidth = 3.5
  ctx.stroke()
}

function badge(ctx: CanvasRenderingContext2D, t: Tokens): void {
  ctx.beginPath()
  ctx.roundRect(2, 2, 18, 18, 6)
  ctx.fillStyle = t.panel
  ctx.fill()
  ctx.strokeStyle = t.text3
  ctx.lineWidth = 1.4
  ctx.stroke()
}
