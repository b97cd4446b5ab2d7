import { useState } from 'react'
import { api, take } from '../../api/client'
import type { IncidentDetail } from '../../api/types'
import { useText } from '../../i18n'
import type { ConflictSeen } from '../detail/Conflict'
import { useStep } from '../detail/useStep'
import { Choose } from './Choose'
import { FlowDialog, type Said } from './FlowDialog'
import type { RequestKind } from './flowQuery'

/** Asks for something: why, how much time, with which photos, at which level and of whom. */
export function AskDialog({ kind, detail, onClose, onConflict }: { kind: RequestKind; detail: Pick<IncidentDetail, 'incident' | 'tasks' | 'attachments'>; onClose: () => void; onConflict: (seen: ConflictSeen) => void }) {
  const { t } = useText()
  const { incident, tasks, attachments } = detail
  const [level, setLevel] = useState('1')
  const [unit, setUnit] = useState('0')
  const [photos, setPhotos] = useState(true)
  const evidence = attachments.slice(-10).map(({ id }) => id)
  const units = [...new Map(tasks.map((task) => [task.unit_id, task.unit_name]))]
  const ask = useStep(
    incident.id,
    ({ reason, limit }: Said) =>
      take(
        api.POST('/api/incidents/{id}/requests', {
          params: { path: { id: incident.id } },
          body: {
            kind,
            reason,
            limit,
            ...(kind === 'supervision' ? { level: Number(level), ...(Number(unit) ? { unit_id: Number(unit) } : {}) } : {}),
            ...(kind === 'appeal' && photos && evidence.length > 0 ? { attachments: evidence } : {}),
          },
        }),
      ),
    () => t('flow.asked', { kind: t(`flow.kind.${kind}`) }),
    onConflict,
  )
  return (
    <FlowDialog
      title={t(`flow.ask.${kind}`)}
      label={t(`flow.why.${kind}`)}
      confirm={t(`flow.ask.${kind}`)}
      needed
      limit={kind === 'extension' ? { kind: 'work_hour', amount: 2 } : kind === 'supervision' ? { kind: 'urgent_hour', amount: 24 } : undefined}
      busy={ask.isPending}
      onClose={onClose}
      onSay={(said) => ask.mutate(said, { onSettled: onClose })}
    >
      {kind === 'supervision' && (
        <div className="flow-pair">
          <Choose label={t('flow.level')} value={level} choices={['1', '2', '3'].map((id) => ({ id, text: id }))} onChange={setLevel} />
          <Choose label={t('flow.who')} value={unit} choices={[{ id: '0', text: t('app.all') }, ...units.map(([id, text]) => ({ id: String(id), text }))]} onChange={setUnit} />
        </div>
      )}
      {kind === 'appeal' && evidence.length > 0 && (
        <label className="flow-check">
          <input type="checkbox" checked={photos} onChange={(event) => setPhotos(event.target.checked)} />
          {t('flow.evidenceAll', { n: evidence.length })}
        </label>
      )}
    </FlowDialog>
  )
}
