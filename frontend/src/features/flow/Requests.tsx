import { useState } from 'react'
import { api, take } from '../../api/client'
import type { IncidentDetail } from '../../api/types'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import type { ConflictSeen } from '../detail/Conflict'
import { useStep } from '../detail/useStep'
import { FlowDialog, type Said } from './FlowDialog'
import type { CaseRequest, Limit } from './flowQuery'

/** What was asked in a case, the newest first, each with where it stands and what may be done about it. */
export function Requests({ incident, requests, onConflict }: { incident: number; requests: readonly CaseRequest[]; photos: IncidentDetail['attachments']; onConflict: (seen: ConflictSeen) => void }) {
  if (requests.length === 0) return null
  return (
    <ul className="flow-requests">
      {[...requests].reverse().map((request) => (
        <Row key={request.id} incident={incident} request={request} onConflict={onConflict} />
      ))}
    </ul>
  )
}

export function useSpan(): (limit: Limit) => string {
  const { t } = useText()
  return ({ kind, amount }) => t(`flow.span.${kind}`, { n: amount })
}

function Row({ incident, request, onConflict }: { incident: number; request: CaseRequest; onConflict: (seen: ConflictSeen) => void }) {
  const { t, locale } = useText()
  const span = useSpan()
  const now = useNow(10)
  const [making, setMaking] = useState<string | null>(null)
  const { kind, state } = request
  const step = useStep(
    incident,
    ({ move, said }: { move: string; said: Said }) =>
      take(
        api.POST('/api/incidents/{id}/requests/{request}/moves', {
          params: { path: { id: incident, request: request.id } },
          body: { move: move as 'grant', reason: said.reason, limit: said.limit, revision: request.revision },
        }),
      ),
    ({ move }) => t('flow.done', { kind: t(`flow.kind.${kind}`), move: t(`flow.move.${move}`) }),
    onConflict,
  )
  const open = state === 'asked' || state === 'answered'
  const over = open && !!request.due_at && Date.parse(request.due_at) < now
  return (
    <li className="flow-request" data-testid={`request-${kind}`} data-state={state} data-open={open || undefined} data-level={request.level}>
      <div className="flow-head">
        <Icon name={kind === 'supervision' ? 'eye' : kind === 'suspension' ? 'pause' : kind === 'extension' ? 'clock' : 'flag'} size="1.2em" />
        <b>{request.level ? t('flow.levelOf', { n: request.level }) : t(`flow.kind.${kind}`)}</b>
        <span className="flow-state">{state === 'asked' && kind === 'supervision' ? t('flow.stateSupervision') : t(`flow.state.${state}`)}</span>
        {request.limit && kind === 'extension' && <span>{t('flow.wanted', { span: span(request.limit) })}</span>}
        {request.granted && <span>{t('flow.given', { span: span(request.granted) })}</span>}
      </div>
      <p className="flow-text">{request.reason}</p>
      <p className="flow-meta">
        <span>{t('flow.from', { who: request.unit_name && kind !== 'supervision' ? request.unit_name : request.author_name, time: moment(request.asked_at, locale) })}</span>
        {kind === 'supervision' && request.unit_name && <span>→ {request.unit_name}</span>}
        {state === 'asked' && request.due_at && (
          <span className={over || request.overdue ? 'flow-warn' : undefined}>
            {(over || !!request.overdue) && <Icon name="alert" size="1em" />}
            {t('flow.dueBy', { time: moment(request.due_at, locale) })}
            {over && ` · ${t('flow.late')}`}
            {!!request.overdue && ` · ${t('flow.dueOver', { n: request.overdue })}`}
          </span>
        )}
        {!!request.attachments?.length && <span>{t('flow.evidence', { n: request.attachments.length })}</span>}
      </p>
      {request.answer && <p className="flow-answer">{request.answer}</p>}
      {request.moves.length > 0 && (
        <div className="flow-buttons">
          {request.moves.map(({ move }) => (
            <Button key={move} small look={move === 'grant' || move === 'answer' ? 'primary' : 'plain'} isDisabled={step.isPending} onPress={() => setMaking(move)} data-testid={`${kind}-${move}`}>
              {t(`flow.move.${move}`)}
            </Button>
          ))}
        </div>
      )}
      {making && (
        <FlowDialog
          title={t('flow.done', { kind: t(`flow.kind.${kind}`), move: t(`flow.move.${making}`) })}
          label={t(`flow.say.${making}`)}
          confirm={t(`flow.move.${making}`)}
          needed={request.moves.some((each) => each.move === making && each.needs_reason)}
          limit={making === 'grant' ? request.limit && kind === 'extension' ? request.limit : undefined : undefined}
          most={request.limit?.amount}
          busy={step.isPending}
          onClose={() => setMaking(null)}
          onSay={(said) => step.mutate({ move: making, said }, { onSettled: () => setMaking(null) })}
        />
      )}
    </li>
  )
}
