import type { Map as MapLibre } from 'maplibre-gl'
import { type PointerEvent, useEffect, useState } from 'react'
import { useText } from '../../i18n'
import { distance } from '../../lib/format'
import type { LonLat } from '../../map/types'
import { along } from './geodesy'
import { type Sample, climb, sight } from './profile'

const W = 300
const H = 84

type Placed = Sample & { at: LonLat }

/** The ground along the way as the map's terrain has it; null while parts of it are not loaded, undefined where there is no terrain. */
function useGround(map: MapLibre, points: readonly LonLat[]): Placed[] | null | undefined {
  const [, again] = useState(0)
  useEffect(() => {
    const loaded = () => again((n) => n + 1)
    const heard = map.on('idle', loaded)
    return () => heard.unsubscribe()
  }, [map])
  const terrain = map.getTerrain()
  if (!terrain) return undefined
  let before = 0
  const out: Placed[] = []
  for (let i = 1; i < points.length; i++) {
    const steps = along(points[i - 1]!, points[i]!, 10, 200)
    for (const { at, d } of i > 1 ? steps.slice(1) : steps) {
      const h = map.queryTerrainElevation(at)
      if (h === null) return null
      out.push({ at, d: before + d, h: h / (terrain.exaggeration || 1) })
    }
    before = out.at(-1)!.d
  }
  return out
}

/** Heights along a way, or whether its end is seen from its beginning. */
export function Profile({ map, points, looks, onRead }: { map: MapLibre; points: readonly LonLat[]; looks: boolean; onRead: (at: LonLat | null) => void }) {
  const { t } = useText()
  const [read, setRead] = useState(0)
  const [eye, setEye] = useState(1.7)
  const [mark, setMark] = useState(1.7)
  const ground = useGround(map, points)
  if (ground === undefined) return <p className="measure-note">{t('measure.noTerrain')}</p>
  if (points.length < 2) return null
  if (ground === null || ground.length < 2) return <p className="measure-note">{t('measure.waiting')}</p>
  const { least, most, up, down } = climb(ground)
  const top = Math.max(most, looks ? ground[0]!.h + eye : most, looks ? ground.at(-1)!.h + mark : most)
  const length = ground.at(-1)!.d
  const x = (d: number) => (d / length) * W
  const y = (h: number) => H - 4 - ((h - least) / Math.max(1, top - least)) * (H - 12)
  const seen = looks ? sight(ground, eye, mark) : null
  const here = ground[Math.min(read, ground.length - 1)]!
  const show = (i: number) => {
    setRead(i)
    onRead(ground[i]!.at)
  }
  const follow = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    const d = ((event.clientX - left) / width) * length
    show(ground.reduce((best, sample, i) => (Math.abs(sample.d - d) < Math.abs(ground[best]!.d - d) ? i : best), 0))
  }
  const metres = (value: number) => `${Math.round(value)} ${t('unitOf.m')}`
  const number = (label: string, value: number, set: (value: number) => void) => (
    <label className="measure-number">
      <span>{label}</span>
      <input type="number" min={0} max={500} step={0.1} value={value} onChange={(event) => set(Math.min(500, Math.max(0, event.target.valueAsNumber || 0)))} />
    </label>
  )
  return (
    <>
      <svg className="measure-profile" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={t('measure.profile', { least: Math.round(least), most: Math.round(most) })} onPointerMove={follow}>
        <path className="measure-ground" d={`M0 ${H}${ground.map(({ d, h }) => `L${x(d).toFixed(1)} ${y(h).toFixed(1)}`).join('')}L${W} ${H}Z`} />
        {seen && <path className={seen.sees ? 'measure-ray' : 'measure-ray measure-ray-cut'} d={`M0 ${y(ground[0]!.h + eye)}L${W} ${y(ground.at(-1)!.h + mark)}`} />}
        <path className="measure-here" d={`M${x(here.d).toFixed(1)} 0V${H}`} />
        {seen?.blockedAt && <circle className="measure-cut" cx={x(seen.blockedAt.d)} cy={y(seen.blockedAt.h)} r={3.5} />}
      </svg>
      <label className="measure-along">
        <span>{t('measure.read', { at: distance(here.d, t), h: Math.round(here.h) })}</span>
        <input type="range" min={0} max={ground.length - 1} value={Math.min(read, ground.length - 1)} aria-valuetext={t('measure.read', { at: distance(here.d, t), h: Math.round(here.h) })} onChange={(event) => show(event.target.valueAsNumber)} data-testid="measure-along" />
      </label>
      {seen ? (
        <>
          <p className="measure-say" role="status">
            {seen.sees ? `✓ ${t('measure.sees')}` : `✕ ${t('measure.blocked', { at: distance(seen.blockedAt!.d, t), h: Math.round(seen.blockedAt!.h) })}`}
          </p>
          {number(t('measure.eye'), eye, setEye)}
          {number(t('measure.mark'), mark, setMark)}
          <p className="measure-note">{t('measure.bare')}</p>
        </>
      ) : (
        <dl className="measure-figures">
          {([['least', least], ['most', most], ['up', up], ['down', down]] as const).map(([name, value]) => (
            <div key={name}>
              <dt>{t(`measure.${name}`)}</dt>
              <dd>{metres(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}
