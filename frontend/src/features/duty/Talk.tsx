import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, take } from '../../api/client'
import { errorText } from '../../api/error'
import type { components } from '../../api/schema.gen'
import { may, useSession } from '../../app/session'
import { useText } from '../../i18n'
import '../../i18n/duty'
import { serverNow, useNow } from '../../lib/clock'
import { moment } from '../../lib/time'
import { useRow } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { TextInput } from '../../ui/Field'
import { Icon } from '../../ui/icons'
import { Failure, Loading } from '../../ui/State'
import './duty.css'
import { discard, outbox, retry, send, type Waiting } from './outbox'
import { useStore } from '../../lib/store'

type Message = components['schemas']['Message']

/** As the server bounds a text, and how many it tells at once. */
const MOST = 2000
const PAGE = 200
/** Minutes within which something is promised; 0 is no promise. */
const promises = [0, 30, 60, 120, 240, 480, 1440]

/** The messages of a case, as they come: the live copy tells that there are new ones. A case that has left the live copy is asked for now and then. */
function useMessages(incident: number, enabled: boolean) {
  const client = useQueryClient()
  const row = useRow('incident', incident)
  const told = row?.messages
  const found = useQuery({
    queryKey: ['messages', incident],
    queryFn: async () => (await take(api.GET('/api/incidents/{id}/messages', { params: { path: { id: incident } } }))).items,
    enabled,
    staleTime: 0,
    refetchInterval: row ? false : 30_000,
  })
  const first = useRef(told)
  useEffect(() => {
    if (told === first.current) return
    first.current = told
    void client.invalidateQueries({ queryKey: ['messages', incident] })
  }, [client, incident, told])
  return found
}

/** What desk and units say to each other in a case, and the line to say something. */
export default function Talk({ incident }: { incident: number }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const allowed = may(useSession(), 'incident.message')
  const found = useMessages(incident, allowed)
  const waiting = useStore(outbox).filter((each) => each.incident === incident)
  const [seen, setSeen] = useState<ReadonlyMap<number, Message>>(new Map())
  const [whole, setWhole] = useState(false)
  const learn = (items: readonly Message[]) => setSeen((now) => new Map([...now, ...items.map((each) => [each.id, each] as const)]))
  useEffect(() => learn(found.data ?? []), [found.data])
  const fresh = () => void client.invalidateQueries({ queryKey: ['messages', incident] })
  const before = useMutation({
    mutationFn: async (id: number) => (await take(api.GET('/api/incidents/{id}/messages', { params: { path: { id: incident }, query: { before: id } } }))).items,
    onSuccess: (items) => {
      learn(items)
      setWhole(items.length < PAGE)
    },
  })
  const keep = useMutation({
    mutationFn: (message: number) => take(api.POST('/api/incidents/{id}/messages/{message}/kept', { params: { path: { id: incident, message } } })),
    onSuccess: (kept) => learn([kept]),
    onSettled: fresh,
  })
  if (!allowed) return null
  const items = [...seen.values()].sort((a, b) => a.id - b.id)
  const more = !whole && found.data?.length === PAGE
  return (
    <section className="detail-section" data-testid="talk">
      <header className="detail-section-head">
        <h3>{t('duty.messages')}</h3>
        <span className="detail-note">{t('duty.messagesNote')}</span>
      </header>
      {found.isPending && <Loading text={t('app.loading')} />}
      {found.isError && !found.data && <Failure compact error={found.error} onRetry={() => void found.refetch()} />}
      {found.data?.length === 0 && waiting.length === 0 && <p className="detail-hint">{t('duty.noMessages')}</p>}
      {more && (
        <Button small look="quiet" isDisabled={before.isPending} onPress={() => before.mutate(items[0]!.id)}>
          {t('duty.older')}
        </Button>
      )}
      <ol className="talk" aria-live="polite" aria-label={t('duty.messages')}>
        {items.map((message) => (
          <Row key={message.id} message={message} onKeep={keep.isPending ? undefined : () => keep.mutate(message.id)} />
        ))}
        {waiting.map((message) => (
          <Unsent key={message.key} message={message} onSent={fresh} />
        ))}
      </ol>
      {keep.error && <p className="detail-hint" role="alert">{errorText(keep.error, t, has)}</p>}
      {found.data && <Line incident={incident} onSent={fresh} />}
    </section>
  )
}

function Row({ message, onKeep }: { message: Message; onKeep?: () => void }) {
  const { t, locale } = useText()
  const late = Date.parse(message.receive_time) - Date.parse(message.source_time) > 120_000
  return (
    <li className={`talk-row${message.mine ? ' talk-mine' : ''}${message.unit_id ? ' talk-unit' : ''}`} data-testid="message">
      <div className="talk-head">
        <b>{message.author_name}</b>
        <span>{t(message.unit_id ? 'duty.ofUnit' : 'duty.desk')}</span>
        <time dateTime={message.receive_time}>{moment(message.receive_time, locale)}</time>
        {late && <span>{t('duty.wrote', { time: moment(message.source_time, locale) })}</span>}
      </div>
      <p className="talk-text">{message.text}</p>
      {message.promise && <Promised message={message} onKeep={onKeep} />}
    </li>
  )
}

function Promised({ message, onKeep }: { message: Message; onKeep?: () => void }) {
  const { t, locale } = useText()
  const now = useNow(10)
  const time = moment(message.due_at!, locale)
  const state = message.kept_at ? 'kept' : Date.parse(message.due_at!) < now ? 'over' : 'open'
  return (
    <div className="talk-promise" data-state={state} data-testid="promise">
      <Icon name={state === 'kept' ? 'check' : state === 'over' ? 'alert' : 'clock'} size="1.1em" />
      {t('duty.promise')} · {state === 'kept' ? t('duty.promiseKept', { by: message.kept_by ?? '', time: moment(message.kept_at!, locale) }) : t(state === 'over' ? 'duty.promiseOver' : 'duty.promiseBy', { time })}
      {!message.kept_at && onKeep && (
        <Button small onPress={onKeep} data-testid={`keep-${message.id}`}>
          {t('duty.keep')}
        </Button>
      )}
    </div>
  )
}

function Unsent({ message, onSent }: { message: Waiting; onSent: () => void }) {
  const { t, has } = useText()
  return (
    <li className={`talk-row talk-mine${message.error ? ' talk-failed' : ''}`} data-testid="unsent">
      <p className="talk-text">{message.text}</p>
      {message.error ? (
        <div className="talk-promise" role="alert" data-state="over">
          <Icon name="alert" size="1.1em" />
          {t('duty.failed', { why: errorText(message.error, t, has) })}
          <Button small onPress={() => retry(message, onSent)} data-testid="retry">
            {t('duty.retry')}
          </Button>
          <Button small look="quiet" onPress={() => discard(message)}>
            {t('duty.discard')}
          </Button>
        </div>
      ) : (
        <div className="talk-promise">{t('duty.sending')}</div>
      )}
    </li>
  )
}

function Line({ incident, onSent }: { incident: number; onSent: () => void }) {
  const { t } = useText()
  const [text, setText] = useState('')
  const [minutes, setMinutes] = useState(0)
  const ready = text.trim() !== ''
  const go = () => {
    if (!ready) return
    send(incident, text.trim(), minutes ? new Date(serverNow() + minutes * 60_000).toISOString() : undefined, onSent)
    setText('')
    setMinutes(0)
  }
  return (
    <form
      className="talk-form"
      onSubmit={(event) => {
        event.preventDefault()
        go()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
        event.preventDefault()
        go()
      }}
    >
      <TextInput label={t('duty.write')} name="message" rows={2} value={text} onChange={setText} maxLength={MOST} />
      <div className="talk-foot">
        <Button small type="submit" look="primary" isDisabled={!ready} data-testid="send-message">
          {t('duty.send')}
        </Button>
        <select aria-label={t('duty.promiseIn')} value={minutes} onChange={(event) => setMinutes(Number(event.target.value))} data-testid="promise-in">
          {promises.map((n) => (
            <option key={n} value={n}>
              {n === 0 ? t('duty.promiseNone') : `${t('duty.promise')}: ${n < 60 ? t('duty.promiseMinutes', { n }) : t('duty.promiseHours', { n: n / 60 })}`}
            </option>
          ))}
        </select>
        <span className="talk-hint">{t('duty.writeHint')}</span>
      </div>
    </form>
  )
}
