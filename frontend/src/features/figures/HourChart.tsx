import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Statistics } from '../../api/types'
import { settings } from '../../app/settings'
import { useText } from '../../i18n'
import { useStore } from '../../lib/store'
import { tokens } from '../../tokens/tokens'

type Hours = Statistics['hours']

/** The hour of day, in the reader's time zone. */
const hourOf = (start: string) => new Date(start).getHours()
const twoDigits = (n: number) => String(n).padStart(2, '0')

/** New cases of each of the last 24 hours as bars, this hour's bright; the same hour's mean of a week as a line. */
export default function HourChart({ hours }: { hours: Hours }) {
  const { t } = useText()
  const { theme, display } = useStore(settings)
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [at, setAt] = useState<number | null>(null)

  useEffect(() => {
    const element = box.current!
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
    const small = display === 'wall' ? rem : rem * 0.8125
    const colours = tokens[theme]
    const font = `${small}px ${getComputedStyle(document.documentElement).fontFamily}`
    const size = () => ({ width: element.clientWidth, height: element.clientHeight })
    const bars = uPlot.paths.bars!({ size: [0.72, 100], align: 0 })
    const chart = new uPlot(
      {
        ...size(),
        padding: [small * 0.6, 2, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
        scales: { x: { time: false, range: [-0.6, 23.6] }, y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
        axes: [
          {
            font,
            stroke: colours.text2,
            size: small * 1.7,
            gap: small * 0.3,
            grid: { show: false },
            ticks: { show: false },
            splits: () => latest.current.flatMap((hour, i) => (hourOf(hour.start) % 6 === 0 ? [i] : [])),
            values: (_, splits) => splits.map((i) => twoDigits(hourOf(latest.current[i]!.start))),
          },
          {
            font,
            stroke: colours.text2,
            size: small * 2,
            gap: small * 0.4,
            ticks: { show: false },
            grid: { stroke: colours.chart.grid, width: 1 },
            splits: (_, __, ___, max) => [0, Math.round(max / 2.2), Math.round(max / 1.1)],
          },
        ],
        series: [
          {},
          { paths: bars, fill: colours.chart.bar, points: { show: false }, width: 0 },
          { paths: bars, fill: colours.chart.barNow, points: { show: false }, width: 0 },
          { stroke: colours.chart.line, width: 2, points: { show: false } },
        ],
        hooks: { setCursor: [(u) => setAt(u.cursor.idx ?? null)] },
      },
      columns(latest.current),
      element,
    )
    plot.current = chart
    const resized = new ResizeObserver(() => chart.setSize(size()))
    resized.observe(element)
    return () => {
      resized.disconnect()
      chart.destroy()
      plot.current = null
    }
  }, [theme, display])

  const latest = useRef(hours)
  latest.current = hours
  useEffect(() => plot.current?.setData(columns(hours)), [hours])

  const shown = at === null ? undefined : hours[at]
  const total = hours.reduce((sum, hour) => sum + hour.count, 0)
  return (
    <figure className="hours" data-testid="hours">
      <div className="hours-plot" ref={box} role="img" aria-label={`${t('kpi.hours')}: ${total}`} />
      <figcaption className="hours-key">
        {shown ? (
          t('kpi.perHour', {
            from: `${twoDigits(hourOf(shown.start))}:00`,
            to: `${twoDigits((hourOf(shown.start) + 1) % 24)}:00`,
            count: shown.count,
            usual: shown.usual.toFixed(1),
          })
        ) : (
          <>
            <i className="hours-line" aria-hidden="true" />
            {t('kpi.usual')}
          </>
        )}
      </figcaption>
    </figure>
  )
}

/** uPlot's columns: place, finished hours, this hour, the mean. */
function columns(hours: Hours): uPlot.AlignedData {
  const last = hours.length - 1
  return [
    hours.map((_, i) => i),
    hours.map((hour, i) => (i === last ? null : hour.count)),
    hours.map((hour, i) => (i === last ? hour.count : null)),
    hours.map((hour) => hour.usual),
  ]
}
