import { type KeyboardEvent, useRef, useState } from 'react'
import type { components } from '../../api/schema.gen'
import { useText } from '../../i18n'
import { type Brushed, type Split, splits } from './choice'
import { type Measure, inPercent, isShare, numberOf } from './grades'
import { allParts, usePartNames } from './partNames'
import './charts.css'

type Part = components['schemas']['Part']

/** The measure by hour, weekday and so on. A bar that is pressed narrows everything else to its part; Shift, or the pointer drawn across the bars, reaches from the last one to it. */
export function Charts({ parts, measure, brushed, format, onBrush }: { parts: readonly Part[]; measure: Measure; brushed: Brushed; format: (value: number) => string; onBrush: (split: Split, keys: string[]) => void }) {
  return (
    <div className="stat-charts" data-testid="stat-charts">
      {splits.filter((split) => split !== 'month' || brushed.month || parts.filter((part) => part.split === 'month').length > 1).map((split) => (
        <Chart key={split} split={split} parts={parts.filter((part) => part.split === split)} measure={measure} brushed={brushed[split] ?? []} format={format} onBrush={(keys) => onBrush(split, keys)} />
      ))}
    </div>
  )
}

/** Classes and channels that are shown before somebody asks for the rest: the most come first. */
const SHOWN = 5

function Chart({ split, parts, measure, brushed, format, onBrush }: { split: Split; parts: readonly Part[]; measure: Measure; brushed: readonly string[]; format: (value: number) => string; onBrush: (keys: string[]) => void }) {
  const { t } = useText()
  const nameOf = usePartNames()
  const [all, setAll] = useState(false)
  const last = useRef<number>(-1)
  const drawn = useRef<number>(-1)
  const box = useRef<HTMLDivElement>(null)
  const found = new Map(parts.map((part) => [part.key, part]))
  const keys = allParts[split] ?? parts.map(({ key }) => key)
  const values = keys.map((key) => {
    const part = found.get(key)
    return part ? numberOf(part, isShare(measure) ? 'open' : measure) : inPercent(measure) && !isShare(measure) ? null : 0
  })
  const ranked = split === 'class' || split === 'channel'
  const ordered = ranked ? keys.map((key, i) => ({ key, value: values[i]! })).toSorted((a, b) => (b.value ?? -1) - (a.value ?? -1)) : keys.map((key, i) => ({ key, value: values[i] ?? null }))
  const most = inPercent(measure) && !isShare(measure) ? 100 : Math.max(1, ...values.map((value) => value ?? 0))
  const lying = split === 'class' || split === 'channel' || split === 'severity' || split === 'month'
  const press = (index: number, far: boolean) => {
    const from = far && last.current >= 0 ? last.current : index
    last.current = index
    onBrush(ordered.slice(Math.min(from, index), Math.max(from, index) + 1).map(({ key }) => key))
  }
  const drawnTo = (index: number) => { // on the same bar it is a press, which comes by itself
    const from = drawn.current
    drawn.current = -1
    if (from < 0 || from === index) return
    last.current = from
    press(index, true)
  }
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    const bars = [...(box.current?.querySelectorAll('button') ?? [])]
    const at = bars.indexOf(document.activeElement as HTMLButtonElement)
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? bars.length - 1 : by === undefined ? -1 : at + by
    if (at < 0 || !bars[to]) return
    event.preventDefault()
    bars[to].focus()
  }
  const first = ordered.findIndex(({ key }) => brushed.includes(key))
  const needed = Math.max(SHOWN, ordered.findLastIndex(({ key }) => brushed.includes(key)) + 1) // what is brushed is seen
  const cut = ranked && !all && ordered.length > needed + 1
  return (
    <section className="stat-chart" data-lying={lying || undefined}>
      <h4>{t(`statistics.split.${split}`)}</h4>
      <div className="stat-bars" role="group" aria-label={t(`statistics.split.${split}`)} ref={box} onKeyDown={step} onPointerLeave={() => (drawn.current = -1)}>
        {(cut ? ordered.slice(0, needed) : ordered).map(({ key, value }, i) => (
          <button
            key={key}
            type="button"
            className="stat-bar"
            aria-pressed={brushed.includes(key)}
            data-out={(brushed.length > 0 && !brushed.includes(key)) || undefined}
            tabIndex={i === Math.max(0, first) ? 0 : -1}
            title={`${nameOf(split, key, true)} · ${value === null ? '–' : format(value)}`}
            aria-label={`${nameOf(split, key, true)} · ${value === null ? '–' : format(value)}`}
            onClick={(event) => press(i, event.shiftKey)}
            onPointerDown={() => (drawn.current = i)}
            onPointerUp={() => drawnTo(i)}
            data-testid={`stat-bar-${split}-${key}`}
          >
            <span className="stat-bar-track" aria-hidden="true">
              <span className="stat-bar-fill" style={lying ? { inlineSize: `${((value ?? 0) / most) * 100}%` } : { blockSize: `${((value ?? 0) / most) * 100}%` }} />
            </span>
            <span className="stat-bar-name truncate" aria-hidden="true">{split === 'hour' && Number(key) % 3 !== 0 ? '' : nameOf(split, key)}</span>
            {lying && <span className="stat-bar-value" aria-hidden="true">{value === null ? '–' : format(value)}</span>}
          </button>
        ))}
      </div>
      {cut && (
        <button type="button" className="stat-more" onClick={() => setAll(true)} data-testid={`stat-more-${split}`}>
          {t('statistics.more', { n: ordered.length - needed })}
        </button>
      )}
    </section>
  )
}
