import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Switch } from 'react-aria-components'
import { api, take } from '../api/client'
import type { components } from '../api/schema.gen'
import { alarmKindsQuery } from '../api/queries'
import { may, useSession } from '../app/session'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import { Select } from '../ui/Select'
import { Failure } from '../ui/State'
import { eventKindsKey } from './eventSources'

type EventKind = components['schemas']['EventKind']

/** What becomes of each event that devices tell. */
export function EventKinds() {
  const { t, locale } = useText()
  const client = useQueryClient()
  const mayChange = may(useSession(), 'rules.manage')
  const kinds = useQuery({ queryKey: eventKindsKey, queryFn: async () => (await take(api.GET('/api/event-kinds'))).items, staleTime: 0, refetchInterval: 30_000 })
  const alarms = useQuery(alarmKindsQuery).data ?? []
  const [all, setAll] = useState(false)
  const set = useMutation({
    mutationFn: ({ protocol, event, kind }: EventKind) => take(api.PUT('/api/event-kinds', { body: { protocol, event, kind } })),
    onSettled: () => client.invalidateQueries({ queryKey: eventKindsKey }),
  })
  if (!kinds.data) return kinds.isError ? <Failure compact error={kinds.error} onRetry={() => void kinds.refetch()} /> : null
  const titleOf = (code: string) => {
    const kind = alarms.find((each) => each.code === code)
    return kind ? (locale === 'en' && kind.title_en) || kind.title : code || t('events.nothing')
  }
  const shown = kinds.data.filter((each) => all || each.seen_at)
  const choices = [{ id: '', text: t('events.nothing') }, ...alarms.filter((each) => !each.retired).map((each) => ({ id: each.code, text: titleOf(each.code) }))]
  return (
    <section className="event-kinds" aria-labelledby="event-kinds-title">
      <header className="admin-head">
        <div>
          <h3 id="event-kinds-title">{t('events.kinds')}</h3>
          <p className="admin-hint">{t('events.kindsHint')}</p>
        </div>
        <Switch className="switch" isSelected={!all} onChange={(only) => setAll(!only)}>
          <span className="switch-track" aria-hidden="true" />
          {t('events.onlySeen')}
        </Switch>
      </header>
      {set.error && <Failure compact error={set.error} />}
      {shown.length === 0 ? (
        <p className="admin-hint">{t('events.noneSeen')}</p>
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('events.protocol')}</th>
              <th scope="col">{t('events.event')}</th>
              <th scope="col">{t('events.becomes')}</th>
              <th scope="col">{t('events.seen')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <tr key={`${each.protocol} ${each.event}`}>
                <td>{t(`events.${each.protocol}`)}</td>
                <th scope="row">{each.event}</th>
                <td>
                  {mayChange ? (
                    <Select
                      label={`${each.event}: ${t('events.becomes')}`}
                      hideLabel
                      value={each.kind}
                      choices={choices.some((c) => c.id === each.kind) ? choices : [...choices, { id: each.kind, text: titleOf(each.kind) }]}
                      onChange={(kind) => set.mutate({ ...each, kind })}
                    />
                  ) : (
                    titleOf(each.kind)
                  )}
                </td>
                <td>{each.seen_at ? stamp(each.seen_at, locale) : t('events.never')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
