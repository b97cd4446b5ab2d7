import { useState } from 'react'
import { api, take } from '../../api/client'
import type { IncidentDetail } from '../../api/types'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { Button } from '../../ui/Button'
import { later } from '../../ui/later'
import type { ConflictSeen } from '../detail/Conflict'
import { useStep } from '../detail/useStep'
import { AskDialog } from './AskDialog'
import { FlowDialog } from './FlowDialog'
import type { CaseFlow, RequestKind } from './flowQuery'

const JointDialog = later(() => import('./JointDialog'))

type Hop = CaseFlow['hops'][number]
type Doing = { ask: RequestKind } | { hop: Hop } | 'urge' | 'joint'

/** The path one level up, or down towards the case's place. */
function next(holder: string, place: string, hop: Hop): string {
  if (hop === 'hop.up') return holder.split('.').slice(0, -1).join('.')
  if (hop === 'hop.down') return place.split('.').slice(0, holder.split('.').length + 1).join('.')
  return holder
}

/** The buttons for what may be asked, urged and handed on. Each says why before it is done. */
export function FlowActions({ detail, flow, onConflict }: { detail: IncidentDetail; flow: CaseFlow; onConflict: (seen: ConflictSeen) => void }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const [doing, setDoing] = useState<Doing | null>(null)
  const { incident } = detail
  const close = () => setDoing(null)
  const revision = Math.max(incident.revision, flow.revision) // the two are asked for apart
  const params = { path: { id: incident.id } }
  const hopName = (hop: Hop) => t(`flow.${hop}`)
  const urge = useStep(incident.id, (text: string) => take(api.POST('/api/incidents/{id}/urges', { params, body: { text } })), () => t('flow.urged'), onConflict)
  const hop = useStep(
    incident.id,
    ({ hop, reason }: { hop: Hop; reason: string }) => take(api.POST('/api/incidents/{id}/hops', { params, body: { hop, reason, revision } })),
    ({ hop }) => t('flow.hopped', { hop: hopName(hop) }),
    onConflict,
  )
  const { asks, hops, may_urge, may_join } = flow
  if (asks.length === 0 && hops.length === 0 && !may_urge && !may_join) return null
  return (
    <div className="flow-buttons" data-testid="flow-actions">
      {hops.includes('hop.take') && (
        <Button small look="primary" icon="check" isDisabled={hop.isPending} onPress={() => hop.mutate({ hop: 'hop.take', reason: '' })} data-testid="hop-take">
          {hopName('hop.take')}
        </Button>
      )}
      {may_urge && (
        <Button small icon="clock" onPress={() => setDoing('urge')} data-testid="urge">
          {t('flow.urge')}
        </Button>
      )}
      {asks.map((kind) => (
        <Button key={kind} small onPress={() => setDoing({ ask: kind })} data-testid={`ask-${kind}`}>
          {t(`flow.ask.${kind}`)}
        </Button>
      ))}
      {hops
        .filter((each) => each !== 'hop.take')
        .map((each) => (
          <Button key={each} small onPress={() => setDoing({ hop: each })} data-testid={each.replace('.', '-')}>
            {t('flow.hopTo', { hop: hopName(each), area: areas.place(next(flow.holder_path, incident.area_path, each), locale) })}
          </Button>
        ))}
      {may_join && (
        <Button small onPress={() => setDoing('joint')} data-testid="joint">
          {t('flow.joint')}
        </Button>
      )}
      {doing === 'joint' && <JointDialog detail={detail} revision={revision} onClose={close} onConflict={onConflict} />}
      {doing === 'urge' && (
        <FlowDialog title={t('flow.urge')} label={t('flow.urgeText')} confirm={t('flow.urge')} needed busy={urge.isPending} onClose={close} onSay={({ reason }) => urge.mutate(reason, { onSettled: close })} />
      )}
      {doing !== null && typeof doing === 'object' && 'hop' in doing && (
        <FlowDialog
          title={t('flow.hopTo', { hop: hopName(doing.hop), area: areas.place(next(flow.holder_path, incident.area_path, doing.hop), locale) })}
          label={t('flow.hopWhy', { hop: hopName(doing.hop) })}
          confirm={hopName(doing.hop)}
          needed
          busy={hop.isPending}
          onClose={close}
          onSay={({ reason }) => hop.mutate({ hop: doing.hop, reason }, { onSettled: close })}
        />
      )}
      {doing !== null && typeof doing === 'object' && 'ask' in doing && <AskDialog kind={doing.ask} detail={detail} onClose={close} onConflict={onConflict} />}
    </div>
  )
}
