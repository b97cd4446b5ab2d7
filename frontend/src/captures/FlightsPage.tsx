import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { api, take } from '../api/client'
import { unitsQuery } from '../api/queries'
import type { components } from '../api/schema.gen'
import { may, useSession } from '../app/session'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import '../i18n/flights'
import { useStore } from '../lib/store'
import { stamp } from '../lib/time'
import { type FlightFeature, FlightMap } from '../map/flights'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Empty, Failure, Loading } from '../ui/State'
import './flights.css'

type Order = components['schemas']['FlightOrder']
const levels = ['town', 'village', 'grid'] as const
type Level = (typeof levels)[number]
const spans = [7, 14, 30, 60, 90, 180, 365]
const LISTED = 200

interface Flight {
  key: string
  why: 'reflight' | 'never' | 'stale'
  name: string
  id: number
  last: string | null
  area: number
  share: number
  order: Order | null
  geometry: GeoJSON.Geometry
}

const rank = { reflight: 0, never: 1, stale: 2 }

/** What should be flown, as a list and on a map, and who is sent there. */
export default function FlightsPage() {
  const { t, locale } = useText()
  const session = useSession()
  const { theme } = useStore(settings)
  const [level, setLevel] = useState<Level>('town')
  const [days, setDays] = useState(30)
  const [chosen, setChosen] = useState('')
  const [sending, setSending] = useState<Flight | null>(null)
  const [failed, setFailed] = useState(false)
  const found = useQuery({
    queryKey: ['flights', level, days],
    queryFn: async () => {
      const { features } = await take(api.GET('/api/flights', { params: { query: { level, days } } }))
      return features
        .map(({ geometry, properties: p }): Flight => ({ key: `${p.why} ${p.id}`, why: p.why!, name: p.name!, id: p.id!, last: p.last_flown ?? null, area: p.area_m2!, share: p.share!, order: p.order ?? null, geometry: geometry as GeoJSON.Geometry }))
        .sort((a, b) => rank[a.why] - rank[b.why] || b.area - a.area)
    },
    refetchInterval: 30_000,
    placeholderData: (before) => before,
  })
  const orders = useQuery({ queryKey: ['flights', 'orders'], queryFn: async () => (await take(api.GET('/api/flights/orders'))).items, refetchInterval: 30_000 })
  const box = useRef<HTMLDivElement>(null)
  const map = useRef<FlightMap | null>(null)
  const features = useMemo(() => (found.data ?? []).map(({ key, why, order, geometry }): FlightFeature => ({ type: 'Feature', properties: { key, why, ordered: !!order }, geometry })), [found.data])
  useEffect(() => {
    try {
      map.current = new FlightMap(box.current!, locale, setChosen)
    } catch (error) {
      console.error('the map did not open:', error)
      setFailed(true)
    }
    return () => {
      map.current?.destroy()
      map.current = null
    }
  }, [theme, locale])
  useEffect(() => map.current?.show(features), [features, theme, locale])
  useEffect(() => {
    if (!chosen) return
    map.current?.choose(chosen)
    document.getElementById(`flight ${chosen}`)?.scrollIntoView({ block: 'nearest' })
  }, [chosen, theme, locale])
  const flies = (flight: Flight) => !flight.order && may(session, flight.why === 'reflight' ? 'detection.review' : 'task.dispatch')
  const km = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const state = (order: Order) => (order.state === 'done' && !order.done_at ? t('flights.waiting', { unit: order.unit }) : t('flights.ordered', { unit: order.unit, state: t(`state.task.${order.state as 'done'}`) }))
  const list = found.data ?? []
  return (
    <main className="flights" data-testid="flights">
      <div className="flights-side">
        <p className="captures-quiet">{t('flights.hint')}</p>
        <div className="flights-asked">
          <Select label={t('flights.level')} value={level} choices={levels.map((id) => ({ id, text: t(`flights.levels.${id}`) }))} onChange={(id) => setLevel(id as Level)} testid="flights-level" />
          <Select label={t('flights.days')} value={String(days)} choices={spans.map((n) => ({ id: String(n), text: t('flights.day', { n }) }))} onChange={(n) => setDays(Number(n))} testid="flights-days" />
        </div>
        {found.isPending ? (
          <Loading text={t('app.loading')} />
        ) : found.isError ? (
          <Failure error={found.error} onRetry={() => void found.refetch()} />
        ) : list.length === 0 ? (
          <Empty icon="check" title={t('flights.none')} detail={t('flights.noneHint')} />
        ) : (
          <>
            <p role="status">{t('flights.count', { reflight: list.filter(({ why }) => why === 'reflight').length, areas: list.filter(({ why }) => why !== 'reflight').length })}</p>
            <ul className="flights-list">
              {list.slice(0, LISTED).map((flight) => (
                <li key={flight.key} id={`flight ${flight.key}`} data-chosen={flight.key === chosen || undefined} data-testid="flight">
                  <button type="button" className="flights-row" onClick={() => setChosen(flight.key)}>
                    <span className={`flights-why flights-${flight.why}`}>{t(`flights.why.${flight.why}`)}</span>
                    <b className="truncate">{flight.name}</b>
                    <span className="captures-quiet">
                      {flight.why !== 'reflight' && t('flights.left', { share: Math.round(flight.share * 100), area: km.format(flight.area / 1e6) })}
                      {flight.last && ` · ${t('flights.last', { at: stamp(flight.last, locale) })}`}
                    </span>
                    {flight.order && <span>{state(flight.order)}</span>}
                  </button>
                  {flies(flight) && <Button small icon="unit" onPress={() => setSending(flight)} data-testid="flight-send">{t('flights.fly')}</Button>}
                </li>
              ))}
            </ul>
            {list.length > LISTED && <p className="captures-quiet">{t('flights.shown', { n: LISTED })}</p>}
          </>
        )}
        <h2>{t('flights.orders')}</h2>
        {orders.data?.length === 0 && <p className="captures-quiet">{t('flights.noOrders')}</p>}
        <ul className="flights-list">
          {orders.data?.map((order) => (
            <li key={order.id} data-testid="flight-order">
              <span className="flights-row">
                <b className="truncate">{order.name}</b>
                <span>{order.done_at ? `${order.unit} · ${t('flights.done', { at: stamp(order.done_at, locale) })}` : state(order)}</span>
                <span className="captures-quiet">{order.by} · {stamp(order.at, locale)}</span>
              </span>
            </li>
          ))}
        </ul>
      </div>
      <div className="flights-map" ref={box} data-testid="flights-map">{failed && <Empty icon="area" title={t('map.failed')} detail={t('map.failedDetail')} />}</div>
      {sending && <Send flight={sending} level={level} days={days} onClose={() => setSending(null)} />}
    </main>
  )
}

/** Which crew flies there. */
function Send({ flight, level, days, onClose }: { flight: Flight; level: Level; days: number; onClose: () => void }) {
  const { t } = useText()
  const client = useQueryClient()
  const units = useQuery({ ...unitsQuery, staleTime: 0 })
  const crews = (units.data ?? []).filter(({ kind, status }) => kind === 'drone_crew' && status === 'available')
  const [unit, setUnit] = useState('')
  const [note, setNote] = useState('')
  const crew = crews.find(({ id }) => String(id) === unit) ?? crews[0]
  const send = useMutation({
    mutationFn: async () => {
      if (flight.why === 'reflight') await take(api.POST('/api/detections/{id}/flights', { params: { path: { id: flight.id } }, body: { unit_id: crew!.id, note } }))
      else await take(api.POST('/api/flights/orders', { body: { level, id: flight.id, days, unit_id: crew!.id, note } }))
    },
    onSuccess: () => {
      notify('done', t('flights.sent', { unit: crew!.name, name: flight.name }))
      void client.invalidateQueries({ queryKey: ['flights'] })
      onClose()
    },
  })
  return (
    <FormDialog title={t('flights.orderTitle', { name: flight.name })} testid="flight-form" error={send.error} told={false} isPending={send.isPending || !crew} onSubmit={() => send.mutate()} onClose={onClose}>
      {units.isSuccess && crews.length === 0 ? <p role="alert">{t('flights.noCrew')}</p> : <Select label={t('flights.crew')} value={String(crew?.id ?? '')} choices={crews.map(({ id, name }) => ({ id: String(id), text: name }))} onChange={setUnit} testid="flight-crew" />}
      <TextInput label={t('flights.note')} name="flight-note" rows={2} value={note} onChange={setNote} maxLength={500} />
    </FormDialog>
  )
}
