import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../../api/client'
import { go, paths } from '../../app/router'
import { nameIn } from '../../domain/names'
import { textOr, useText } from '../../i18n'
import '../../i18n/repair'
import { useNow } from '../../lib/clock'
import { count } from '../../lib/format'
import { duration, moment } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { type Choice, Select } from '../../ui/Select'
import { Empty, Failure, Loading } from '../../ui/State'
import './repair.css'

/** Single cameras of a department that are shown before somebody asks for the rest. */
const SHOWN = 8

/** Months that can be asked for: this one and those of two years before it, named in the console's language, whatever the browser's is. */
function months(locale: string, now = new Date()): Choice[] {
  const name = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'zh-CN', { year: 'numeric', month: 'long' })
  return Array.from({ length: 25 }, (_, back) => {
    const at = new Date(now.getFullYear(), now.getMonth() - back, 1)
    return { id: `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`, text: name.format(at) }
  })
}

async function load(month: string) {
  return (await take(api.GET('/api/cameras/repair', { params: { query: { month } } }))) as unknown as { month: string; items: Department[] }
}

interface Outage {
  id: number
  kind: '' | 'recorder' | 'switch' | 'power'
  name: string
  since: string
  peak: number
  cameras: number[]
}

interface Department {
  department: string
  name: string
  name_en: string
  cameras: number
  down: number
  unknown: number
  online_s: number
  expected_s: number
  unseen_s: number
  outages: Outage[]
  flapping: { id: number; name: string; falls: number }[]
}

/** What is broken, whose it is, and how well the month went. Every number opens its cameras. */
export default function RepairBoard() {
  const { t, locale } = useText()
  const choices = months(locale)
  const [month, setMonth] = useState(choices[0]!.id)
  const board = useQuery({ queryKey: ['repair', month], queryFn: () => load(month), refetchInterval: 15_000, staleTime: 0 })
  const items = board.data?.items.filter((d) => d.cameras > 0) ?? []
  return (
    <main className="repair" data-testid="repair">
      <header className="repair-head">
        <div>
          <h2>{t('repair.title')}</h2>
          <p>{t('repair.hint')}</p>
        </div>
        <div className="repair-month">
          <span aria-hidden="true">{t('repair.month')}</span>
          <Select label={t('repair.month')} hideLabel value={month} choices={choices} onChange={setMonth} testid="repair-month" />
        </div>
        <a className="repair-csv" href={`/api/cameras/repair?format=csv&month=${month}`} download data-testid="repair-csv">
          {t('repair.csv')}
        </a>
        <Button onPress={() => go(paths.cameras)}>{t('repair.back')}</Button>
      </header>
      {board.isPending ? (
        <Loading text={t('app.loading')} />
      ) : !board.data ? (
        <Failure error={board.error} onRetry={() => void board.refetch()} />
      ) : (
        <>
          {board.isError && <p className="repair-stale" role="status">{t('repair.stale', { time: moment(board.dataUpdatedAt, locale) })}</p>}
          {items.length === 0 ? <Empty icon="check" title={t('repair.empty')} detail={t('repair.emptyDetail')} /> : items.map((d) => <Share key={d.department} share={d} />)}
        </>
      )}
    </main>
  )
}

function Share({ share }: { share: Department }) {
  const { t, has, locale } = useText()
  const now = useNow(10)
  const [open, setOpen] = useState<string | null>(null)
  const [all, setAll] = useState(false)
  const groups = share.outages.filter(({ kind }) => kind !== '')
  const singles = share.outages.filter(({ kind }) => kind === '')
  const shown = [...groups, ...(all ? singles : singles.slice(0, SHOWN))]
  const rate = share.expected_s > 0 ? `${((share.online_s / share.expected_s) * 100).toFixed(2)}%` : t('repair.noNumber')
  const unseen = share.unseen_s / Math.max(1, share.unseen_s + share.expected_s)
  const name = share.department ? textOr(t, has, `department.${share.department}`, nameIn(share, locale) || share.department) : t('repair.nobody')
  const toggle = (key: string) => setOpen(open === key ? null : key)
  const down = share.outages.flatMap(({ cameras }) => cameras)
  return (
    <section className="repair-share" aria-label={name} data-testid={`repair-${share.department}`}>
      <header>
        <h3>{name}</h3>
        <button type="button" className="repair-figure" aria-expanded={open === 'down'} disabled={down.length === 0} onClick={() => toggle('down')}>
          <span>{t('repair.down')}</span>
          <b data-bad={share.down > 0 || undefined}>{count(share.down, locale)}</b>
          <small>{t('repair.of', { n: count(share.cameras, locale) })}</small>
        </button>
        <p className="repair-figure">
          <span>{t('repair.outages')}</span>
          <b>{count(share.outages.length, locale)}</b>
        </p>
        <p className="repair-figure">
          <span>{t('repair.availability')}</span>
          <b>{rate}</b>
          {unseen >= 0.01 && <small>{t('repair.unseen', { n: `${Math.round(unseen * 100)}%` })}</small>}
        </p>
      </header>
      {open === 'down' && <Cameras ids={down} />}
      {shown.length > 0 && (
        <ul>
          {shown.map((o) => (
            <li key={o.id}>
              <button
                type="button"
                className="repair-outage"
                aria-expanded={o.kind ? open === `o${o.id}` : undefined}
                data-kind={o.kind || undefined}
                onClick={() => (o.kind ? toggle(`o${o.id}`) : go(paths.cameras, { layer: 'camera', id: o.cameras[0]! }))}
              >
                <Icon name={o.kind ? 'alert' : 'camera'} />
                <span className="repair-name truncate">
                  {o.kind && <em>{t(`repair.${o.kind}`)}</em>} {o.name}
                </span>
                <span className="repair-count">
                  {o.kind && t('repair.cameras', { n: count(o.cameras.length, locale) })}
                  {o.peak > o.cameras.length && <small> {t('repair.ofPeak', { n: count(o.peak, locale) })}</small>}
                </span>
                <span className="repair-since">{t('repair.since', { time: moment(o.since, locale), age: duration(now - Date.parse(o.since), t) })}</span>
              </button>
              {open === `o${o.id}` && <Cameras ids={o.cameras} />}
            </li>
          ))}
        </ul>
      )}
      {!all && singles.length > SHOWN && (
        <p className="repair-more">
          <Button small onPress={() => setAll(true)}>{t('repair.more', { n: count(singles.length - SHOWN, locale) })}</Button>
        </p>
      )}
      {share.flapping.length > 0 && (
        <p className="repair-flapping">
          <span>{t('repair.flapping')}</span>
          {share.flapping.map((c) => (
            <button key={c.id} type="button" onClick={() => go(paths.cameras, { layer: 'camera', id: c.id })}>
              {c.name} <small>{t('repair.flaps', { n: c.falls })}</small>
            </button>
          ))}
        </p>
      )}
    </section>
  )
}

/** The cameras of a number, by name; pressing one opens it beside the map. */
function Cameras({ ids }: { ids: readonly number[] }) {
  const layer = useLayer('camera')
  return (
    <p className="repair-cameras" data-testid="repair-cameras">
      {ids.map((id) => (
        <button key={id} type="button" onClick={() => go(paths.cameras, { layer: 'camera', id })}>
          {String(layer.value(id, 'name') ?? id)}
        </button>
      ))}
    </p>
  )
}
