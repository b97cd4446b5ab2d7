import { serverNow } from '../../lib/clock'

export type Point = [number, number]

/** Draws a picture with its masks filled, and over the whole of it who looks and when, so that no part of it can be shown without. */
export function paint(context: CanvasRenderingContext2D, picture: CanvasImageSource, width: number, height: number, masks: Point[][], user: string): void {
  const { canvas } = context
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  context.drawImage(picture, 0, 0, width, height)
  context.fillStyle = '#000'
  for (const mask of masks) {
    context.beginPath()
    for (const [x, y] of mask) context.lineTo(x * width, y * height)
    context.fill()
  }
  const size = Math.max(11, width / 45)
  const text = `${user}  ${new Date(serverNow()).toISOString().slice(0, 19).replace('T', ' ')}Z`
  context.save()
  context.font = `${size}px monospace`
  context.globalAlpha = 0.35
  context.rotate(-0.35)
  for (let y = 0; y < height * 1.6; y += size * 8) {
    for (let x = -height * 0.4; x < width; x += size * 26) {
      context.fillStyle = '#000'
      context.fillText(text, x + 1, y + 1)
      context.fillStyle = '#fff'
      context.fillText(text, x, y)
    }
  }
  context.restore()
}
