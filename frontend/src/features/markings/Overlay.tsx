import { type KeyboardEvent, type PointerEvent, useRef } from 'react'
import { useText } from '../../i18n'
import type { Drawable } from '../../map/markings/shapes'
import { pointsOf, shapeOf } from '../../map/markings/shapes'
import { kinds } from '../../map/markings/kinds'
import { pathOn, useFrames } from '../../map/overlay'
import type { LonLat, MapController } from '../../map/types'

/** The ways of a shape, for the outline that is seen before it is kept. */
function waysOf(drawable: Drawable): LonLat[][] {
  const shape = shapeOf(drawable)
  return [shape?.body, shape?.reach].flatMap((part) => (part?.type === 'Polygon' ? (part.coordinates as LonLat[][]) : part?.type === 'LineString' ? [part.coordinates as LonLat[]] : []))
}

interface OverlayProps {
  map: MapController
  /** What is seen before it is kept; null for none. */
  ghost: Drawable | null
  /** Points of a line that is not one yet. */
  loose: readonly LonLat[]
  /** What is changed: its points can be taken hold of. */
  held: Drawable | null
  cross: boolean
  /** The points are being moved, and have come to rest. */
  onMove: (points: LonLat[], rested: boolean) => void
}

/** What is being drawn or changed, over the map: its outline, its points, and the cross by which points are taken without a mouse. */
export function Overlay({ map, ghost, loose, held, cross, onMove }: OverlayProps) {
  const { t } = useText()
  const { engine } = map
  const { width, height } = useFrames(engine)
  const points = held ? pointsOf(held.geometry) : []
  const info = held && kinds[held.kind]
  const middle = engine.project(engine.getCenter())
  const grabbed = useRef<{ index: number; points: LonLat[] } | null>(null)
  const placeAt = (event: PointerEvent): LonLat => {
    const box = engine.getCanvas().getBoundingClientRect()
    const { lng, lat } = engine.unproject([event.clientX - box.left, event.clientY - box.top])
    return [lng, lat]
  }
  const grab = (index: number, among: LonLat[]) => (event: PointerEvent<SVGElement>) => {
    if (event.button !== 0) return
    event.stopPropagation()
    event.currentTarget.setPointerCapture(event.pointerId)
    grabbed.current = { index, points: among }
  }
  const drag = (event: PointerEvent<SVGElement>) => {
    const hold = grabbed.current
    if (!hold) return
    hold.points = hold.points.with(hold.index, placeAt(event))
    onMove(hold.points, false)
  }
  const drop = () => {
    const hold = grabbed.current
    grabbed.current = null
    if (hold) onMove(hold.points, true)
  }
  const least = info?.shape === 'area' ? 3 : info?.shape === 'line' ? 2 : 1
  const press = (index: number) => (event: KeyboardEvent) => {
    const step = ({ ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] } as Record<string, [number, number]>)[event.key]
    if (step) {
      const { x, y } = engine.project(points[index]!)
      const { lng, lat } = engine.unproject([x + step[0], y + step[1]])
      onMove(points.with(index, [lng, lat]), true)
    } else if (event.key === 'Delete' && points.length > least) onMove(points.toSpliced(index, 1), true)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  /** A point between two others by keyboard: it is then moved as they are. */
  const insert = (index: number, at: LonLat) => (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    onMove(points.toSpliced(index, 0, at), true)
    event.preventDefault()
    event.stopPropagation()
  }
  const gaps = info && info.shape !== 'point' && points.length < info.most ? points.map((_, i) => i).filter((i) => i + 1 < points.length || info.shape === 'area') : []
  return (
    <svg className="marking-overlay" width={width} height={height} role="group" aria-label={t('marking.title')} data-testid="marking-overlay">
      {ghost && waysOf(ghost).map((way, i) => <path key={`c${i}`} className="marking-casing" d={pathOn(engine, way)} />)}
      {ghost && waysOf(ghost).map((way, i) => <path key={i} className="marking-ghost" data-side={kinds[ghost.kind].side} data-standing={ghost.standing} d={pathOn(engine, way)} />)}
      {loose.length > 1 && <path className="marking-loose" d={pathOn(engine, loose)} />}
      {loose.map((at, i) => {
        const { x, y } = engine.project(at)
        return <circle key={i} className="marking-point" cx={x} cy={y} r={4.5} />
      })}
      {gaps.map((i) => {
        const next = points[(i + 1) % points.length]!
        const at: LonLat = [(points[i]![0] + next[0]) / 2, (points[i]![1] + next[1]) / 2]
        const { x, y } = engine.project(at)
        return (
          <circle key={`g${i}`} className="marking-gap" cx={x} cy={y} r={5} role="button" tabIndex={0} aria-label={t('marking.addVertex', { n: i + 1 })} onKeyDown={insert(i + 1, at)} onPointerDown={grab(i + 1, points.toSpliced(i + 1, 0, at))} onPointerMove={drag} onPointerUp={drop} onPointerCancel={drop} />
        )
      })}
      {points.map((at, i) => {
        const { x, y } = engine.project(at)
        return (
          <circle key={i} className="marking-handle" cx={x} cy={y} r={8} role="button" tabIndex={0} aria-label={t('marking.vertex', { n: i + 1 })} onPointerDown={grab(i, points)} onPointerMove={drag} onPointerUp={drop} onPointerCancel={drop} onKeyDown={press(i)} data-testid="marking-handle" />
        )
      })}
      {cross && <path className="marking-cross" d={`M${middle.x - 9} ${middle.y}h18M${middle.x} ${middle.y - 9}v18`} />}
    </svg>
  )
}
