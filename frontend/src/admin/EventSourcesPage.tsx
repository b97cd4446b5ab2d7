import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { errorText } from '../api/error'
import { useText } from '../i18n'
import '../i18n/devices'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { LampShape } from '../ui/LampSign'
import { notify } from '../ui/notices'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { ConfirmDialog } from './ConfirmDialog'
import './devices.css'
import { EventKinds } from './EventKinds'
import { EventSourceForm } from './EventSourceForm'
import { type EventSource, eventSourcesKey, lampOf, stateLabel } from './eventSources'

/** Cameras and recorders whose event streams are held, and how each is. */
export default function EventSourcesPage() {
  const { t, has, locale } = useText()
  const sources = useQuery({ queryKey: eventSourcesKey, queryFn: async () => (await take(api.GET('/api/event-sources'))).items, staleTime: 0, refetchInterval: 5_000 })
  const [editing, setEditing] = useState<EventSource | 'new' | null>(null)
  const [deleting, setDeleting] = useState<EventSource | null>(null)
  const attempt = useMutation({
    mutationFn: async (source: EventSource) => ({ source, ...(await take(api.POST('/api/event-sources/{id}/trial', { params: { path: { id: source.id } } }))) }),
    onSuccess: ({ source, ok, why }) => notify(ok ? 'done' : 'wrong', ok ? t('events.tried', { name: source.name }) : t('events.triedNot', { name: source.name, why: whyText(why) })),
    onError: (error) => notify('wrong', errorText(error, t, has)),
  })
  const whyText = (why?: string) => (why && has(`events.why.${why}`) ? t(`events.why.${why}`) : (why ?? ''))
  if (sources.isPending) return <Loading text={t('app.loading')} />
  if (sources.isError && !sources.data) return <Failure error={sources.error} onRetry={() => void sources.refetch()} />
  return (
    <section aria-labelledby="event-sources-title">
      <AdminHead id="event-sources-title" title={t('admin.eventSources')} hint={t('events.hint')}>
        <NewButton testid="new-event-source" text={t('events.new')} onPress={() => setEditing('new')} />
      </AdminHead>
      {sources.isError && <Failure compact error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.data.length === 0 ? (
        <Empty icon="camera" title={t('events.empty')} detail={t('events.emptyDetail')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('events.source')}</th>
              <th scope="col">{t('events.camera')}</th>
              <th scope="col">{t('events.state')}</th>
              <th scope="col">{t('events.last')}</th>
              <th scope="col">{t('events.counts')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {sources.data.map((source) => {
              const { state } = source
              return (
                <tr key={source.id} data-testid="event-source" data-state={state.name} data-disabled={state.name === 'off' || undefined}>
                  <th scope="row">
                    {source.name}
                    <div className="grid-details">
                      {t(`events.${source.protocol}`)} · {source.address}
                    </div>
                  </th>
                  <td>
                    {source.places.slice(0, 3).map((p) => (
                      <div key={p.channel}>
                        {p.channel || t('events.all')} · {p.camera}
                      </div>
                    ))}
                    {source.places.length > 3 && <div className="grid-details">+{source.places.length - 3}</div>}
                  </td>
                  <td>
                    <span className={`event-state lamp-word-${lampOf(state.name)}`}>
                      <LampShape state={lampOf(state.name)} /> {t(stateLabel[state.name])}
                    </span>
                    {state.why && <div className="grid-details">{whyText(state.why)}</div>}
                    {state.name !== 'off' && state.since && <div className="grid-details">{t('events.since', { time: stamp(state.since, locale) })}</div>}
                  </td>
                  <td>
                    {state.event_at ? stamp(state.event_at, locale) : t('events.never')}
                    {state.last_event && <div className="grid-details">{state.last_event}</div>}
                  </td>
                  <td>
                    {t('events.alarms', { n: state.alarms, signs: state.signs })}
                    <div className="grid-details">
                      {t('events.passed', { n: state.passed })} · {t('events.dropped', { n: state.dropped })}
                    </div>
                    {state.waiting > 0 && <div className="grid-details">{t('events.waiting', { n: state.waiting })}</div>}
                    {state.failed && <div className="grid-details">{t('events.failed', { why: has(`error.reason.${state.failed}`) ? t(`error.reason.${state.failed}`) : state.failed })}</div>}
                  </td>
                  <td className="grid-action">
                    <Button isDisabled={attempt.isPending} onPress={() => attempt.mutate(source)} aria-label={`${t('events.try')} ${source.name}`} data-testid="try-event-source">
                      {t(attempt.isPending && attempt.variables.id === source.id ? 'events.trying' : 'events.try')}
                    </Button>{' '}
                    <Button onPress={() => setEditing(source)} aria-label={t('events.edit', { name: source.name })}>
                      {t('events.change')}
                    </Button>{' '}
                    <Button onPress={() => setDeleting(source)} aria-label={`${t('events.delete')} ${source.name}`}>
                      {t('events.delete')}
                    </Button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      <EventKinds />
      {editing && <EventSourceForm source={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <ConfirmDialog
          title={t('events.deleteTitle', { name: deleting.name })}
          hint={t('events.deleteHint')}
          action={t('events.delete')}
          done={t('events.deleted', { name: deleting.name })}
          act={() => take(api.DELETE('/api/event-sources/{id}', { params: { path: { id: deleting.id } } }))}
          queryKey={eventSourcesKey}
          onClose={() => setDeleting(null)}
          testid="delete-event-source"
        />
      )}
    </section>
  )
}
