import { useQuery } from '@tanstack/react-query'
import { lazy, type PointerEvent, Suspense, useState } from 'react'
import { replay } from '../../actions/replay'
import { replayPlay } from '../../actions/replayPlay'
import { shortcut } from '../../actions/keyboard'
import type { ActionContext } from '../../actions/types'
import { bookmarksQuery, replaysQuery, timelineQuery } from '../../api/queries'
import { beginReplay, historyBegins, jumpReplay, leaveReplay, moveReplay } from '../../app/replay'
import { may, useSession } from '../../app/session'
import { useText } from '../../i18n'
import { serverNow, useNow } from '../../lib/clock'
import { useStore } from '../../lib/store'
import { clock, moment } from '../../lib/time'
import { replayHead, replayId, replaying, wallReplay } from '../../live/replay'
import { Button, IconButton } from '../../ui/Button'
import { LampWord } from '../../ui/LampSign'
import { Select } from '../../ui/Select'
import { SPAN_MS, STRETCHES, localInput, spanAround } from './span'
import './timeline.css'

const Bookmarks = lazy(() => import('./Bookmarks'))

const speeds = [1, 10, 60, 600]

/** The hours behind us with the cases that began in them: the way into the past, and through it. */
export function TimeBar({ context }: { context: ActionContext }) {
  const { t, locale } = useText()
  const session = useSession()
  const mayReplay = may(session, 'replay')
  const onWalls = useStore(wallReplay) === replayId
  const head = useStore(replayHead)
  const minute = useNow(60)
  const at = head ? Date.parse(head.at) : null
  const [from, until] = spanAround(at ?? minute, minute)
  const [marking, setMarking] = useState<number | null>(null)
  return (
    <footer className={`timebar${replaying ? ' timebar-past' : ''}`} aria-label={t('replay.bar')} data-testid="timebar">
      {replaying ? (
        <>
          <IconButton icon="stepBack" label={t('replay.back')} onPress={() => void moveReplay({ step_s: -60 })} data-testid="replay-back" />
          <IconButton icon={head?.playing ? 'pause' : 'play'} label={t(head?.playing ? 'replay.pause' : 'replay.play')} shortcut={shortcut(replayPlay)}
            onPress={() => replayPlay.perform(context)} data-testid="replay-play" />
          <IconButton icon="stepForward" label={t('replay.forward')} onPress={() => void moveReplay({ step_s: 60 })} data-testid="replay-forward" />
          <Select label={t('replay.speed')} hideLabel choices={speeds.map((speed) => ({ id: String(speed), text: `×${speed}` }))} value={String(head?.speed ?? 1)}
            onChange={(speed) => void moveReplay({ speed: Number(speed) })} testid="replay-speed" />
        </>
      ) : (
        mayReplay && <IconButton icon={replay.icon} label={t(replay.label)} shortcut={shortcut(replay)} onPress={() => replay.perform(context)} data-testid="replay-begin" />
      )}
      <IconButton icon="flag" label={t('bookmark.title')} onPress={() => setMarking(at ?? serverNow())} data-testid="bookmarks-open" />
      <span className="timebar-end">{moment(from, locale, minute)}</span>
      <Density from={from} until={until} at={at ?? minute} onPick={mayReplay ? (moment) => (replaying ? void jumpReplay(moment) : void beginReplay(moment)) : undefined} />
      <span className="timebar-end">{moment(until, locale, minute)}</span>
      {replaying && head && (
        <input className="timebar-moment" type="datetime-local" step="1" aria-label={t('replay.moment')} value={localInput(head.at)}
          onChange={(e) => e.target.value && void jumpReplay(Date.parse(e.target.value), false)} data-testid="replay-moment" />
      )}
      {replaying && may(session, 'wall.show') && (
        <Button onPress={() => void moveReplay({ walls: !onWalls })} aria-pressed={onWalls} data-testid="replay-walls">
          {t(onWalls ? 'replay.fromWalls' : 'replay.toWalls')}
        </Button>
      )}
      {replaying ? (
        <Button look="primary" onPress={leaveReplay} data-testid="replay-leave">
          {t('replay.leave')}
        </Button>
      ) : (
        <LampWord className="timebar-mark" />
      )}
      {marking !== null && (
        <Suspense>
          <Bookmarks at={marking} onClose={() => setMarking(null)} />
        </Suspense>
      )}
    </footer>
  )
}

/** Bars of the cases that began; with severity 1 among them they are red at the foot. A click goes there, arrow keys too. */
function Density({ from, until, at, onPick }: { from: number; until: number; at: number; onPick?: (at: number) => void }) {
  const { t, locale } = useText()
  const timeline = useQuery(timelineQuery(from, until, STRETCHES))
  const known = useQuery({ ...replaysQuery, enabled: onPick !== undefined }).data
  const [over, setOver] = useState<number | null>(null)
  const items = timeline.data?.items ?? []
  const most = Math.max(4, ...items.map((item) => item.count))
  const share = (moment: number) => Math.min(1, Math.max(0, (moment - from) / (until - from)))
  const pointed = (e: PointerEvent<HTMLElement>) => {
    const box = e.currentTarget.getBoundingClientRect()
    return from + ((e.clientX - box.left) / box.width) * (until - from)
  }
  const begins = known ? Math.max(from, historyBegins(known.from)) : from
  const pick = (moment: number) => onPick?.(Math.min(Math.max(moment, begins), until))
  const marks = (useQuery(bookmarksQuery).data ?? []).filter((mark) => Date.parse(mark.at) >= from && Date.parse(mark.at) <= until)
  const total = items.reduce((sum, item) => sum + item.count, 0)
  return (
    <div
      className="density"
      role={onPick ? 'slider' : 'img'}
      tabIndex={onPick ? 0 : undefined}
      aria-label={t('replay.density', { n: total })}
      aria-valuemin={onPick ? from : undefined}
      aria-valuemax={onPick ? until : undefined}
      aria-valuenow={onPick ? Math.round(at) : undefined}
      aria-valuetext={onPick ? clock(at, locale) : undefined}
      onPointerMove={(e) => setOver(pointed(e))}
      onPointerLeave={() => setOver(null)}
      onPointerUp={(e) => pick(pointed(e))}
      onKeyDown={(e) => {
        const step = { ArrowLeft: -5, ArrowRight: 5, PageDown: -60, PageUp: 60 }[e.key]
        if (step === undefined) return
        e.preventDefault()
        pick(at + step * 60_000)
      }}
      data-testid="density"
    >
      <svg viewBox={`0 0 ${STRETCHES} 100`} preserveAspectRatio="none" aria-hidden="true">
        {items.map((item, i) => {
          const height = (100 * item.count) / most
          const past = from + ((i + 1) * SPAN_MS) / STRETCHES > at
          return (
            <g key={i} className={past ? 'density-after' : undefined}>
              <rect className="density-bar" x={i + 0.15} width={0.7} y={100 - height} height={Math.max(height, 1.5)} />
              {item.urgent > 0 && <rect className="density-urgent" x={i + 0.15} width={0.7} y={100 - (100 * item.urgent) / most} height={(100 * item.urgent) / most} />}
            </g>
          )
        })}
      </svg>
      {begins > from && <span className="density-unknown" style={{ width: `${100 * share(begins)}%` }} title={t('replay.unknown')} />}
      {marks.map((mark) => (
        <span key={mark.id} className="density-mark" style={{ left: `${100 * share(Date.parse(mark.at))}%` }} title={mark.title} />
      ))}
      <span className="density-now" style={{ left: `${100 * share(at)}%` }} />
      {over !== null && onPick && (
        <span className="density-over" style={{ left: `${100 * share(over)}%` }}>
          {clock(over, locale)}
        </span>
      )}
    </div>
  )
}
