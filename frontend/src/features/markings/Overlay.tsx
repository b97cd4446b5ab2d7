import { type KeyboardEvent, type PointerEvent, type SVGProps, useRef } from 'react'
import { useText } from '../../i18n'
import type { Drawable } from '../../map/markings/shapes'
import { pointsOf, shapeOf } from '../../map/markings/shapes'
import { carried } from '../../map/markings/geometry'
import { kinds } from '../../map/markings/kinds'
import { pathOn, useFrames } from '../../map/overlay'
import type { LonLat, MapController } from '../../map/types'

/** The ways of a shape, for the outline that is seen before it is kept. */
function waysOf(drawable: Drawable): LonLat[][] {
  const shape = shapeOf(drawable)
  return [shape?.body, shape?.reach].flatMap((part) => (part?.type === 'Polygon' ? (part.coordinates as LonLat[][]) : part?.type === 'LineString' ? [part.coordinates as LonLat[]] : []))
}

/** Where the whole is taken hold of: where its name stands, a little above it. */
const gripOf = (drawable: Drawable): LonLat => shapeOf(drawable)?.at ?? pointsOf(drawable.geometry)[0]!

/** The sign by which a shape is moved as it is: four arrows. */
function Grip({ map, at, ...rest }: { map: MapController; at: LonLat } & SVGProps<SVGGElement>) {
  const { t } = useText()
  const { x, y } = map.engine.project(at)
  return (
    <g className="marking-grip" transform={`translate(${x} ${y - 26})`} role="button" tabIndex={0} aria-label={t('marking.moveWhole')} data-testid="marking-grip" {...rest}>
      <circle r={13} />
      <path d="M0-8v16M-8 0h16M-2.5-5.5 0-8l2.5 2.5M-2.5 5.5 0 8l2.5-2.5M-5.5-2.5-8 0l2.5 2.5M5.5-2.5 8 0l-2.5 2.5" />
    </g>
  )
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
  const middle = engine.project(map.free.center)
  /** What the hand has hold of: how its points lie for a place of the pointer, and as they lie now; null as long as it has moved nothing. */
  const grabbed = useRef<{ lay: (at: LonLat) => LonLat[]; now: LonLat[] | null } | null>(null)
  /** As the keys have moved the points, until they are let go. */
  const nudged = useRef<LonLat[] | null>(null)
  const placeAt = (event: PointerEvent): LonLat => {
    const box = engine.getCanvas().getBoundingClientRect()
    const { lng, lat } = engine.unproject([event.clientX - box.left, event.clientY - box.top])
    return [lng, lat]
  }
  const grab = (lay: (from: LonLat, at: LonLat) => LonLat[]) => (event: PointerEvent<SVGElement>) => {
    if (event.button !== 0) return
    event.stopPropagation()
    event.currentTarget.setPointerCapture(event.pointerId)
    const from = placeAt(event)
    grabbed.current = { lay: (at) => lay(from, at), now: null }
  }
  const drag = (event: PointerEvent<SVGElement>) => {
    const hold = grabbed.current
    if (!hold) return
    hold.now = hold.lay(placeAt(event))
    onMove(hold.now, false)
  }
  const drop = () => {
    const hold = grabbed.current
    grabbed.current = null
    if (hold?.now) onMove(hold.now, true)
  }
  const hand = (lay: (from: LonLat, at: LonLat) => LonLat[]) => ({ onPointerDown: grab(lay), onPointerMove: drag, onPointerUp: drop, onPointerCancel: drop })
  const letGo = () => {
    const { current } = nudged
    nudged.current = null
    if (current) onMove(current, true)
  }
  const least = info?.shape === 'area' ? 3 : info?.shape === 'line' ? 2 : 1
  /** Keys of a point, or with null of the whole: the arrows move it as long as they are held, and what they moved is kept once, when they are let go. */
  const keys = (index: number | null) => ({
    onKeyDown: (event: KeyboardEvent) => {
      const now = nudged.current ?? points
      const step = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<string, [number, number]>)[event.key]
      if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
        const from = now[index ?? 0]!
        const { x, y } = engine.project(from)
        const far = event.shiftKey ? 40 : 8
        const { lng, lat } = engine.unproject([x + step[0] * far, y + step[1] * far])
        nudged.current = index === null ? carried(now, from, [lng, lat]) : now.with(index, [lng, lat])
        onMove(nudged.current, false)
      } else if (event.key === 'Delete' && index !== null && points.length > least) onMove(points.toSpliced(index, 1), true)
      else if ((event.key === 'Insert' || event.key === '+') && index !== null && gaps.includes(index)) onMove(points.toSpliced(index + 1, 0, between(index)), true)
      else return
      event.preventDefault()
      event.stopPropagation()
    },
    onKeyUp: (event: KeyboardEvent) => {
      if (event.key.startsWith('Arrow')) letGo()
    },
    onBlur: letGo,
  })
  const between = (i: number): LonLat => {
    const next = points[(i + 1) % points.length]!
    return [(points[i]![0] + next[0]) / 2, (points[i]![1] + next[1]) / 2]
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
      {held && info!.shape !== 'point' && waysOf(held).map((way, i) => <path key={`w${i}`} className="marking-whole" d={pathOn(engine, way)} {...hand((from, to) => carried(points, from, to))} data-testid="marking-whole" />)}
      {held && info!.shape !== 'point' && <Grip map={map} at={gripOf(held)} {...hand((from, to) => carried(points, from, to))} {...keys(null)} />}
      {gaps.map((i) => {
        const at = between(i)
        const { x, y } = engine.project(at)
        return <circle key={`g${i}`} className="marking-gap" cx={x} cy={y} r={5} role="button" tabIndex={0} aria-label={t('marking.addVertex', { n: i + 1 })} onKeyDown={insert(i + 1, at)} {...hand((_, to) => points.toSpliced(i + 1, 0, to))} />
      })}
      {points.map((at, i) => {
        const { x, y } = engine.project(at)
        return (
          <circle key={i} className="marking-handle" cx={x} cy={y} r={8} role="button" tabIndex={0} aria-label={t('marking.vertex', { n: i + 1 })} {...hand((_, to) => points.with(i, to))} {...keys(i)} data-testid="marking-handle" />
        )
      })}
      {cross && <path className="marking-cross" d={`M${middle.x - 9} ${middle.y}h18M${middle.x} ${middle.y - 9}v18`} />}
    </svg>
  )
}
