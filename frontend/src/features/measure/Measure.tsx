import { useRef, useState } from 'react'
import type { Catalog } from '../../api/types'
import { change, theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/measure'
import { count } from '../../lib/format'
import { useStore } from '../../lib/store'
import type { LonLat, MapController } from '../../map/types'
import { usePointer, usePoints } from '../../map/usePoints'
import { Button, IconButton } from '../../ui/Button'
import { Choice } from '../../ui/Choice'
import { Around } from './Around'
import { legs, mu, ring, sum, surface } from './geodesy'
import './measure.css'
import { Overlay } from './Overlay'
import { Profile } from './Profile'

const modes = ['distance', 'area', 'profile', 'sight', 'around'] as const
type Mode = (typeof modes)[number]
const radii = [100, 200, 500, 1_000, 2_000, 5_000]
const end = () => change({ measure: false })

/** Measures on the map: a press or Space takes a point, Backspace takes one back, Escape ends. */
export default function Measure({ catalog }: { catalog: Catalog }) {
  const map = useStore(theMap)
  return map && <Tools map={map} catalog={catalog} />
}

function Tools({ map, catalog }: { map: MapController; catalog: Catalog }) {
  const { t, locale } = useText()
  const [mode, setMode] = useState<Mode>('distance')
  const [points, setPoints] = useState<readonly LonLat[]>([])
  const pointer = usePointer(map)
  const [radius, setRadius] = useState(500)
  const [read, setRead] = useState<LonLat | null>(null)
  const take = useRef((_: LonLat) => {})
  take.current = (at) => {
    setRead(null)
    setPoints((now) => (mode === 'around' ? [at] : mode === 'sight' && now.length === 2 ? [at] : [...now, at]))
  }
  const undo = () => {
    setRead(null)
    setPoints((now) => now.slice(0, -1))
  }

  usePoints(map, { take: (at) => take.current(at), undo, end })

  const long = (m: number) => (m < 1_000 ? `${m.toFixed(1)} ${t('unitOf.m')}` : `${(m / 1_000).toFixed(3)} ${t('unitOf.km')}`)
  const lengths = legs(points)
  const figures: [string, string][] = []
  if (mode === 'area') {
    const { area, around } = surface(points)
    if (points.length > 2) figures.push([t('measure.mode.area'), `${count(Math.round(area), locale)} ${t('unitOf.m2')}`], ['', `${mu(area).toFixed(area < 66_667 ? 3 : 1)} ${t('measure.mu')}`], [t('measure.around'), long(around)])
  } else if (mode !== 'around' && lengths.length > 0) {
    figures.push([t('measure.total'), long(sum(lengths))])
    if (lengths.length > 1) figures.push([t('measure.leg'), long(lengths.at(-1)!)])
  }
  const hint = points.length === 0 ? t(`measure.start.${mode}`) : mode === 'area' && points.length < 3 ? t('measure.needThree') : t('measure.next', { undo: '⌫' })

  return (
    <>
      <Overlay
        map={map}
        points={points}
        closed={mode === 'area'}
        circle={mode === 'around' && points[0] ? ring(points[0], radius) : null}
        read={mode === 'profile' || mode === 'sight' ? read : null}
        pointer={mode === 'around' || (mode === 'sight' && points.length === 2) ? null : pointer}
      />
      <section className="measure" aria-label={t('measure.title')} data-testid="measure">
        <header className="measure-head">
          <Choice
            label={t('measure.title')}
            all={modes}
            chosen={mode}
            onChoose={(one) => {
              setMode(one)
              map.engine.getCanvas().focus() // Space takes a point now, and does not press this button again
              setPoints((now) => (one === 'around' || one === 'sight' ? now.slice(0, one === 'sight' ? 2 : 1) : now))
            }}
            testid="measure"
          >
            {(one) => t(`measure.mode.${one}`)}
          </Choice>
          <IconButton icon="close" label={t('measure.end')} shortcut="Esc" onPress={end} />
        </header>
        {figures.length > 0 && (
          <dl className="measure-figures" aria-live="polite" data-testid="measure-figures">
            {figures.map(([name, value], i) => (
              <div key={i}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
        {(mode === 'profile' || mode === 'sight') && <Profile map={map.engine} points={points} looks={mode === 'sight'} onRead={setRead} />}
        {mode === 'around' && (
          <label className="measure-number">
            <span>{t('measure.radius')}</span>
            <select value={radius} onChange={(event) => setRadius(Number(event.target.value))}>
              {radii.map((r) => (
                <option key={r} value={r}>
                  {r} {t('unitOf.m')}
                </option>
              ))}
            </select>
          </label>
        )}
        {mode === 'around' && points[0] && <Around catalog={catalog} at={points[0]} radius={radius} />}
        <p className="measure-note" role="status">
          {hint}
        </p>
        <p className="measure-note">{t('measure.keyboard')}</p>
        {mode !== 'around' && <p className="measure-note">{t('measure.ellipsoid')}</p>}
        {points.length > 0 && (
          <div className="measure-buttons">
            <Button small icon="undo" onPress={undo}>
              {t('measure.undo')}
            </Button>
            <Button small look="quiet" onPress={() => {
              setRead(null)
              setPoints([])
            }}>
              {t('measure.clear')}
            </Button>
          </div>
        )}
      </section>
    </>
  )
}
