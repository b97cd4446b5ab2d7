import { useQuery } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import { asApiError } from '../../api/error'
import type { IncidentDetail } from '../../api/types'
import { allows, may, useSession } from '../../app/session'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import '../../i18n/duty'
import '../../i18n/flow'
import { Icon } from '../../ui/icons'
import { Failure } from '../../ui/State'
import type { ConflictSeen } from '../detail/Conflict'
import { Section } from '../detail/Frame'
import { FlowActions } from './FlowActions'
import { Conditions } from './Conditions'
import { Plans } from './Plans'
import { Requests } from './Requests'
import { flowQuery } from './flowQuery'
import './flow.css'

/** What is done with a case beside its moves: plans, requests, who holds it, under which condition it was filed. */
export default function CaseFlow({ detail, onConflict }: { detail: IncidentDetail; onConflict: (seen: ConflictSeen) => void }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const { incident } = detail
  const flow = useQuery(flowQuery(incident.id))
  if (flow.isError && !flow.data) {
    return asApiError(flow.error).code === 'not_found' ? null : <Failure compact error={flow.error} onRetry={() => void flow.refetch()} />
  }
  if (!flow.data) return null
  const { requests, plans, holder_path, handed } = flow.data
  return (
    <>
      <Vacant detail={detail} holder={holder_path} />
      {plans.length > 0 && <Plans incident={incident.id} plans={plans} mayTick={flow.data.may_tick} />}
      <Section title={t('flow.title')} testid="flow">
        <p className="flow-facts">
          {(handed || incident.holder_path) && (
            <span className={handed ? 'flow-warn' : undefined} data-testid="holder">
              <Icon name="area" size="1.1em" />
              {t('flow.holder', { area: areas.place(holder_path, locale) || holder_path })}
              {handed && ` · ${t('flow.handed')}`}
            </span>
          )}
          {!!incident.urges && (
            <span data-testid="urges">
              <Icon name="clock" size="1.1em" />
              {t('flow.urges', { n: incident.urges })}
            </span>
          )}
          {incident.closing && <span data-testid="closing">{t('flow.closedAs', { kind: t(`flow.closed.${incident.closing}`) })}</span>}
          {requests.some((each) => each.kind === 'appeal' && each.state === 'granted') && <span>{t('flow.counted')}</span>}
        </p>
        <Conditions detail={detail} flow={flow.data} />
        <Requests incident={incident.id} requests={requests} photos={detail.attachments} onConflict={onConflict} />
        <FlowActions detail={detail} flow={flow.data} onConflict={onConflict} />
      </Section>
    </>
  )
}

/** Says at the case that nobody is on duty for its stage, and who does it then. */
function Vacant({ detail: { incident }, holder }: { detail: IncidentDetail; holder: string }) {
  const { t } = useText()
  const session = useSession()
  const held = !!session?.user.areas.some((area) => area === '*' || `${holder}.`.startsWith(`${area}.`))
  const asks = held && may(session, 'task.dispatch') && !incident.closed_at
  const duty = useQuery({
    queryKey: ['duty', holder],
    queryFn: () => take(api.GET('/api/duty', { params: { query: { area: holder } } })),
    enabled: asks,
    staleTime: 60_000,
    retry: false,
  })
  const post = duty.data?.posts.find((each) => each.vacant && each.stages.includes(incident.state))
  if (!asks || !post) return null
  const next = post.role === 'dispatcher' ? t('role.duty_officer') : t('flow.above')
  return (
    <p className="flow-vacant" role="status" data-testid="stage-vacant" data-mine={allows(session, 'incident.move') || undefined}>
      <Icon name="people" size="1.2em" />
      {t('flow.vacant', { role: t(`role.${post.role}`), next })}
    </p>
  )
}
