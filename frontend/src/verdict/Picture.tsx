import { useEffect, useRef, useState } from 'react'
import { useText } from '../i18n'
import { type Outline, type Square, cut, from, onto, squareOf } from './shape'

type Mode = 'look' | 'redraw' | 'split'

interface Props {
  id: number
  which: 'before' | 'after'
  outline: Outline
  title: string
  mode: Mode
  onRedraw: (outline: Outline) => void
  onSplit: (parts: Outline[]) => void
}

/** Which way an arrow key goes, y down. */
const arrow = (key: string, step: number) => ({ ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] } as Record<string, [number, number]>)[key]
const clamped = (share: number) => Math.min(1, Math.max(0, share))

/** What a flight shows of the place, or the outline alone; corners can be dragged, or the outline cut. */
export function Picture({ id, which, outline, title, mode, onRedraw, onSplit }: Props) {
  const { t } = useText()
  const [missing, setMissing] = useState(false)
  const [square] = useState<Square>(() => squareOf(outline))
  const [first, setFirst] = useState<[number, number] | null>(null)
  const dragged = useRef<number[] | null>(null)
  const box = useRef<SVGSVGElement>(null)
  const [cross, setCross] = useState<[number, number]>([0.5, 0.5]) // where a cut begins or ends by keyboard, as shares of the picture
  useEffect(() => {
    setFirst(null)
    if (mode === 'split') box.current?.focus()
  }, [mode])
  const place = (event: React.PointerEvent): [number, number] => {
    const r = box.current!.getBoundingClientRect()
    return from(square, [(event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height])
  }
  const move = (path: number[], to: [number, number]) =>
    onRedraw(
      outline.map((polygon, i) =>
        polygon.map((ring, j) => {
          if (i !== path[0] || j !== path[1]) return ring
          const open = ring.slice(0, -1).map((p, k) => (k === path[2] ? to : p))
          return [...open, open[0]!]
        }),
      ),
    )
  const take = (at: [number, number]) => {
    if (!first) return setFirst(at)
    const parts = cut(outline, first, at)
    setFirst(null)
    if (parts) onSplit(parts)
  }
  const nudge = (event: React.KeyboardEvent, path: number[], p: number[]) => {
    const by = arrow(event.key, 0.003)
    if (!by) return
    event.preventDefault()
    const [x, y] = onto(square, p)
    move(path, from(square, [x + by[0], y + by[1]]))
  }
  const steer = (event: React.KeyboardEvent) => {
    const by = arrow(event.key, event.shiftKey ? 0.05 : 0.01)
    if (by) setCross(([x, y]) => [clamped(x + by[0]), clamped(y + by[1])])
    else if (event.key === ' ') take(from(square, cross))
    else return
    event.preventDefault()
  }
  const path = outline.map((polygon) => polygon.map((ring) => `M${ring.map((p) => onto(square, p).map((v) => v.toFixed(4)).join(' ')).join('L')}Z`).join('')).join('')
  return (
    <figure className="verdict-picture">
      <div className={`verdict-frame verdict-${mode}`}>
        {!missing && <img src={`/api/detections/${id}/pictures/${which}`} alt={title} onError={() => setMissing(true)} />}
        {missing && <p className="verdict-missing">{t('verdict.noPicture')}</p>}
        <svg
          ref={box}
          viewBox="0 0 1 1"
          role={mode === 'look' ? 'img' : 'group'}
          aria-label={title}
          tabIndex={mode === 'split' ? 0 : undefined}
          onKeyDown={mode === 'split' ? steer : undefined}
          onPointerDown={(event) => mode === 'split' && take(place(event))}
          onPointerMove={(event) => dragged.current && move(dragged.current, place(event))}
          onPointerUp={() => (dragged.current = null)}
        >
          <path d={path} className="verdict-outline" />
          {first && <circle className="verdict-corner" cx={onto(square, first)[0]} cy={onto(square, first)[1]} r={0.012} />}
          {mode === 'split' && <path className="verdict-cross" d={`M${cross[0] - 0.03} ${cross[1]}h0.06M${cross[0]} ${cross[1] - 0.03}v0.06`} />}
          {mode === 'redraw' &&
            outline.flatMap((polygon, i) =>
              polygon.flatMap((ring, j) =>
                ring.slice(0, -1).map((p, k) => (
                  <circle
                    key={`${i}-${j}-${k}`}
                    className="verdict-corner"
                    cx={onto(square, p)[0]}
                    cy={onto(square, p)[1]}
                    r={0.016}
                    tabIndex={0}
                    role="button"
                    aria-label={t('verdict.corner', { n: k + 1 })}
                    onKeyDown={(event) => nudge(event, [i, j, k], p)}
                    onPointerDown={(event) => {
                      dragged.current = [i, j, k]
                      event.currentTarget.ownerSVGElement?.setPointerCapture(event.pointerId)
                    }}
                  />
                )),
              ),
            )}
        </svg>
      </div>
      <figcaption>{title}</figcaption>
    </figure>
  )
}
