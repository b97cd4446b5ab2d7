import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { components } from '../api/schema.gen'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { tokens } from '../tokens/tokens'

type Profile = components['schemas']['HeightProfile']

/** The ground along a line: A as a solid line, B dashed, what a model does not know as a gap. */
export function HeightChart({ profile, names }: { profile: Profile; names: ReadonlyMap<number, string> }) {
  const { t } = useText()
  const { theme } = useStore(settings)
  const box = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<number | null>(null)
  useEffect(() => {
    const element = box.current!
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8125
    const colours = tokens[theme]
    const font = `${rem}px ${getComputedStyle(document.documentElement).fontFamily}`
    const size = () => ({ width: element.clientWidth, height: element.clientHeight })
    const axis = { font, stroke: colours.text2, ticks: { show: false }, grid: { stroke: colours.chart.grid, width: 1 } }
    const chart = new uPlot(
      {
        ...size(),
        padding: [rem * 0.6, rem * 2, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false, setScale: false } },
        scales: { x: { time: false } },
        axes: [
          { ...axis, size: rem * 2, values: (_, splits) => splits.map((v) => `${v} m`) },
          { ...axis, size: rem * 4.5, values: (_, splits) => splits.map((v) => `${Number(v.toFixed(2))} m`) },
        ],
        series: [{}, ...profile.series.map(({ capture_id }) => (names.get(capture_id) === 'B' ? { stroke: colours.select, width: 2, dash: [6, 4], points: { show: false } } : { stroke: colours.text, width: 2, points: { show: false } }))],
        hooks: { setCursor: [(u) => setAt(u.cursor.idx ?? null)] },
      },
      [profile.at_m, ...profile.series.map(({ heights_m }) => heights_m)] as uPlot.AlignedData,
      element,
    )
    const resized = new ResizeObserver(() => chart.setSize(size()))
    resized.observe(element)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [profile, names, theme])
  const metres = (v: number | null | undefined) => (v === null || v === undefined ? '–' : `${v.toFixed(2)} m`)
  const heights = at === null ? [] : profile.series.map(({ heights_m }) => heights_m[at])
  const gap = profile.series.some(({ heights_m }) => heights_m.includes(null))
  return (
    <figure className="measure-chart" data-testid="height-chart">
      <div className="measure-plot" ref={box} role="img" aria-label={t('captures.measure.chart', { length: profile.length_m.toFixed(1) })} />
      <figcaption className="captures-quiet">
        {profile.series.map(({ capture_id }, i) => (
          <span key={capture_id} className={names.get(capture_id) === 'B' ? 'measure-key measure-key-b' : 'measure-key'}>
            {names.get(capture_id)} {at !== null && metres(heights[i])}
          </span>
        ))}
        <span>
          {at === null ? t('captures.measure.length', { length: profile.length_m.toFixed(1), pixel: profile.pixel_m.toFixed(2) }) : t('captures.measure.at', { at: profile.at_m[at]!.toFixed(1) })}
          {heights.length === 2 && heights[0] != null && heights[1] != null && ` · B − A ${(heights[1] - heights[0]).toFixed(2)} m`}
        </span>
        {gap && <span>{t('captures.measure.gap')}</span>}
      </figcaption>
    </figure>
  )
}
