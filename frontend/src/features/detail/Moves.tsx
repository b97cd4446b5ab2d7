import { useState } from 'react'
import { api, take } from '../../api/client'
import type { IncidentDetail } from '../../api/types'
import { textOr, useText } from '../../i18n'
import { Button } from '../../ui/Button'
import type { ConflictSeen } from './Conflict'
import { Section } from './Frame'
import { fixedBy } from './moveWith'
import { useStep } from './useStep'
import { later } from '../../ui/later'

const ReasonDialog = later(() => import('./ReasonDialog'))

/** Steps that end a case for good. */
const ending = new Set(['void', 'reject', 'unfile', 'not_exists', 'self_handle', 'pass'])

/** What the signed-in person may do with the case now; what must say why asks for it first. */
export function Moves({ detail: { incident, moves }, onConflict }: { detail: IncidentDetail; onConflict: (seen: ConflictSeen) => void }) {
  const { t, has } = useText()
  const [asking, setAsking] = useState<string | null>(null)
  const name = (move: string) => textOr(t, has, `move.incident.${move}`, move)
  const step = useStep(
    incident.id,
    ({ move, reason }: { move: string; reason?: string }) =>
      take(api.POST('/api/incidents/{id}/moves', { params: { path: { id: incident.id } }, body: { move, reason, revision: incident.revision, ...fixedBy(incident.id, move) } })),
    ({ move }) => t('moves.done', { move: name(move) }),
    onConflict,
  )
  if (moves.length === 0) return null
  return (
    <Section title={t('moves.title')} testid="moves">
      <div className="moves">
        {moves.map(({ move, needs_reason }) => (
          <Button
            key={move}
            small
            look={move === 'pass' ? 'primary' : ending.has(move) ? 'danger' : 'plain'}
            isDisabled={step.isPending}
            onPress={() => (needs_reason ? setAsking(move) : step.mutate({ move }))}
            data-testid={`move-${move}`}
          >
            {name(move)}
          </Button>
        ))}
      </div>
      {asking && (
        <ReasonDialog
          title={t('moves.reasonTitle', { move: name(asking) })}
          confirm={t('moves.confirm', { move: name(asking) })}
          busy={step.isPending}
          onClose={() => setAsking(null)}
          onConfirm={(reason) => step.mutate({ move: asking, reason }, { onSettled: () => setAsking(null) })}
        />
      )}
    </Section>
  )
}
