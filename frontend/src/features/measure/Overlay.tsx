import { pathOn, useFrames } from '../../map/overlay'
import type { LonLat, MapController } from '../../map/types'
import { along } from './geodesy'

interface OverlayProps {
  map: MapController
  points: readonly LonLat[]
  closed: boolean
  circle: readonly LonLat[] | null
  /** The place whose height is read. */
  read: LonLat | null
  /** Where the pointer is, for the leg that is not there yet. */
  pointer: LonLat | null
}

/** What is being measured, drawn over the map and not into it. */
export function Overlay({ map, points, closed, circle, read, pointer }: OverlayProps) {
  const { engine } = map
  const { width, height } = useFrames(engine)
  const on = (way: readonly LonLat[]) => pathOn(engine, way)
  const bent = (way: readonly LonLat[]) => way.slice(1).flatMap((to, i) => along(way[i]!, to, 2_000, 32).map(({ at }) => at))
  const shape = closed && points.length > 2 ? [...points, points[0]!] : points
  const last = points.at(-1)
  const middle = engine.project(map.free.center)
  const reading = read && engine.project(read)
  return (
    <svg className="measure-overlay" width={width} height={height} aria-hidden>
      {closed && points.length > 2 && <path className="measure-area" d={`${on(bent(shape))}Z`} />}
      {circle && <path className="measure-area measure-line" d={`${on(circle)}Z`} />}
      {shape.length > 1 && <path className="measure-casing" d={on(bent(shape))} />}
      {shape.length > 1 && <path className="measure-line" d={on(bent(shape))} />}
      {last && pointer && <path className="measure-rubber" d={on(bent([last, pointer]))} />}
      {points.map((at, i) => {
        const { x, y } = engine.project(at)
        return <circle key={i} className="measure-point" cx={x} cy={y} r={4.5} />
      })}
      {reading && <path className="measure-reading" d={`M${reading.x} ${reading.y - 7}l7 7l-7 7l-7-7z`} />}
      <path className="measure-cross" d={`M${middle.x - 9} ${middle.y}h18M${middle.x} ${middle.y - 9}v18`} />
    </svg>
  )
}
