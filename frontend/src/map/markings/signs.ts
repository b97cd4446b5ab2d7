import type { Tokens } from '../../tokens/tokens'
import type { StretchImage } from '../icons'
import { type MarkingKind, type Side, type Standing, kinds } from './kinds'

/** The colour of a side, from the tokens: blue is our own, red is danger, amber keeps people out, white is where is looked for people. */
export const sideColor = (t: Tokens, side: Side): string => ({ own: t.map.unit, hazard: t.sev[0], control: t.sev[1], search: t.map.cameraAbnormal })[side]

const BOX = 36

/** Names of the images of points, and of those that are strung along lines. */
export const signName = (kind: MarkingKind, standing: Standing): string => `marking-${kind}-${standing}`
export const strings = ['marking-cross', 'marking-chevron'] as const

/** Draws the image of a name; null for one that is none of ours. What is there is filled, what is planned is hollow with a broken frame. */
export function renderSign(name: string, tokens: Tokens, scale: number, pixelRatio: number): StretchImage | null {
  const found = /^marking-([a-z_]+)-(planned|actual)$/.exec(name)
  const kind = found && kinds[found[1] as MarkingKind]
  const strung = (strings as readonly string[]).includes(name)
  if (!kind?.sign && !strung) return null
  const size = strung ? 16 : BOX
  const pixels = Math.ceil(size * scale * pixelRatio)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = pixels
  const ctx = canvas.getContext('2d', { willReadFrequently: true })!
  ctx.scale(pixels / size, pixels / size)
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  if (strung) link(ctx, tokens, name === 'marking-cross')
  else if (kind?.sign) badge(ctx, tokens, sideColor(tokens, kind.side), kind.side, kind.sign, found![2] === 'actual')
  return { data: ctx.getImageData(0, 0, pixels, pixels), options: { pixelRatio } }
}

/** Frames tell sides apart without colour: ours are square, dangers stand on a corner, what keeps out is round. */
function frame(side: Side): Path2D {
  const path = new Path2D()
  if (side === 'hazard') {
    path.moveTo(18, 2.5)
    path.lineTo(33.5, 18)
    path.lineTo(18, 33.5)
    path.lineTo(2.5, 18)
    path.closePath()
  } else if (side === 'control') path.arc(18, 18, 14.5, 0, 2 * Math.PI)
  else path.roundRect(4, 4, 28, 28, 4)
  return path
}

function badge(ctx: CanvasRenderingContext2D, t: Tokens, color: string, side: Side, path: string, filled: boolean): void {
  const box = frame(side)
  ctx.strokeStyle = t.map.ink
  ctx.lineWidth = 5
  ctx.stroke(box)
  ctx.fillStyle = filled ? color : t.map.ink
  ctx.fill(box)
  ctx.strokeStyle = color
  ctx.lineWidth = 2.2
  ctx.setLineDash(filled ? [] : [5, 3.5])
  ctx.stroke(box)
  ctx.setLineDash([])
  const k = side === 'hazard' ? 0.68 : 0.86
  ctx.translate(18 - 12 * k, 18 - 12 * k)
  ctx.scale(k, k)
  ctx.strokeStyle = filled ? (side === 'own' ? t.map.onUnit : t.onSev) : color
  ctx.lineWidth = 2.2
  ctx.stroke(new Path2D(path))
}

function link(ctx: CanvasRenderingContext2D, t: Tokens, cross: boolean): void {
  const path = new Path2D(cross ? 'M4 4l8 8M12 4l-8 8' : 'M5 3.5 10.5 8 5 12.5')
  for (const [color, width] of [[t.map.ink, 5], [cross ? sideColor(t, 'control') : sideColor(t, 'own'), 2.2]] as const) {
    ctx.strokeStyle = color
    ctx.lineWidth = width
    ctx.stroke(path)
  }
}
