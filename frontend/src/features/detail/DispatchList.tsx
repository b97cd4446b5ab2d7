import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { api, take } from '../../api/client'
import { recommendationsQuery } from '../../api/queries'
import type { IncidentDetail, Recommendation } from '../../api/types'
import { may, useSession } from '../../app/session'
import { useText } from '../../i18n'
import { distance } from '../../lib/format'
import { duration } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Failure, Loading } from '../../ui/State'
import type { ConflictSeen } from './Conflict'
import { Section } from './Frame'
import { useStep } from './useStep'

/** Whom to send, with the reason of each pick and, folded away, of each unit left out. One press sends. */
export function DispatchList({ detail, onConflict }: { detail: IncidentDetail; onConflict: (seen: ConflictSeen) => void }) {
  const { t } = useText()
  const { incident } = detail
  const possible = detail.may_dispatch === true
  const asked = useQuery({ ...recommendationsQuery(incident.id), enabled: possible })
  const send = useStep(
    incident.id,
    (item: Recommendation) =>
      take(api.POST('/api/incidents/{id}/tasks', { params: { path: { id: incident.id } }, body: { unit_id: item.unit.id, revision: incident.revision } })),
    (item) => t('dispatch.sent', { unit: item.unit.name }),
    onConflict,
  )
  const role = may(useSession(), 'task.dispatch')
  const [unfolded, setUnfolded] = useState(false)
  if (!possible) return role || incident.closed_at ? null : <p className="detail-hint">{t('dispatch.notAllowed')}</p>

  const picks = asked.data?.items.filter((item) => item.picked) ?? []
  const left = asked.data?.items.filter((item) => !item.picked) ?? []
  const button = (item: Recommendation, look: 'primary' | 'plain' | 'quiet') => (
    <Button
      small
      look={look}
      isDisabled={send.isPending}
      onPress={() => send.mutate(item)}
      aria-label={t('dispatch.sendTo', { unit: item.unit.name })}
      data-testid={`dispatch-${item.unit.id}`}
      data-dispatch=""
    >
      {t(send.isPending && send.variables?.unit.id === item.unit.id ? 'dispatch.sending' : 'dispatch.send')}
    </Button>
  )
  return (
    <Section title={t('dispatch.title')} note={asked.data && t(asked.data.basis === 'road' ? 'dispatch.road' : 'dispatch.straight')} testid="dispatch-list">
      {asked.isError && !asked.data && <Failure compact error={asked.error} title={t('dispatch.failed')} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Loading text={t('app.loading')} />}
      {asked.data && asked.data.shortfall > 0 && (
        <p className="shortfall" role="status">
          {picks.length > 0 ? t('dispatch.shortfall', { wanted: asked.data.wanted, picked: picks.length }) : t('dispatch.none')}
        </p>
      )}
      <ul>
        {picks.map((item, i) => (
          <Line key={item.unit.id} item={item} mixed={asked.data?.basis === 'road'} testid={`pick-${item.unit.id}`}>
            {button(item, i === 0 ? 'primary' : 'plain')}
          </Line>
        ))}
      </ul>
      {left.length > 0 && (
        <details className="left-out" onToggle={(e) => setUnfolded(e.currentTarget.open)}>
          <summary>{t('dispatch.leftOut', { n: left.length })}</summary>
          {unfolded && ( // tens of rows with a button each, which nobody looks at in most cases
            <ul>
              {left.map((item) => (
                <Line key={item.unit.id} item={item} mixed={asked.data?.basis === 'road'} testid={`left-${item.unit.id}`}>
                  {item.unit.status === 'available' && button(item, 'quiet') /* left out is advice: the dispatcher decides */}
                </Line>
              ))}
            </ul>
          )}
        </details>
      )}
    </Section>
  )
}

function Line({ item, mixed, testid, children }: { item: Recommendation; mixed: boolean; testid: string; children: ReactNode }) {
  return (
    <li className="pick" data-testid={testid} data-thing={`unit/${item.unit.id}`}>
      <div className="pick-who">
        <span className="pick-name truncate">{item.unit.name}</span>
        <Reasons item={item} />
      </div>
      <Reach item={item} mixed={mixed} />
      {children}
    </li>
  )
}

function Reach({ item, mixed }: { item: Recommendation; mixed: boolean }) {
  const { t } = useText()
  if (item.distance_m < 0) return <span className="pick-reach" />
  return (
    <span className="pick-reach">
      <span>
        {distance(item.distance_m, t)}
        {mixed && item.method === 'straight' && ` ${t('dispatch.line')}`}
      </span>
      <span>{item.eta_s >= 0 && duration(Math.max(60, item.eta_s) * 1000, t)}</span>
    </span>
  )
}

/** Why, in words. Numbers of the server are rounded: nobody reads 13.4 minutes. */
function Reasons({ item }: { item: Recommendation }) {
  const { t, has } = useText()
  const texts = item.reasons.map(({ code, params }) => {
    const values = Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, Math.round(value)]))
    return has(`recommend.${code}`) ? t(`recommend.${code}`, values) : code
  })
  return <span className="pick-reasons truncate">{texts.join(' · ')}</span>
}
