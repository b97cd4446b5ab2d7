import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../../api/client'
import { recommendationsQuery } from '../../api/queries'
import type { IncidentDetail } from '../../api/types'
import { useText } from '../../i18n'
import { serverNow } from '../../lib/clock'
import { distance } from '../../lib/format'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextInput } from '../../ui/Field'
import { Failure, Loading } from '../../ui/State'
import type { ConflictSeen } from '../detail/Conflict'
import { useStep } from '../detail/useStep'

type Part = 'lead' | 'co'

/** One order to several units: one leads, the others help, with one deadline. */
export default function JointDialog({ detail: { incident }, revision, onClose, onConflict }: { detail: IncidentDetail; revision: number; onClose: () => void; onConflict: (seen: ConflictSeen) => void }) {
  const { t } = useText()
  const found = useQuery(recommendationsQuery(incident.id))
  const [parts, setParts] = useState<ReadonlyMap<number, Part>>(new Map())
  const [hours, setHours] = useState('4')
  const [note, setNote] = useState('')
  const [tried, setTried] = useState(false)
  const units = (found.data?.items ?? []).filter(({ unit }) => unit.status === 'available')
  const lead = [...parts].find(([, part]) => part === 'lead')?.[0]
  const co = [...parts].filter(([, part]) => part === 'co').map(([id]) => id)
  const n = Number(hours.replace(',', '.'))
  const wrong = !(n > 0 && n <= 8784)
  const ready = lead !== undefined && co.length > 0
  const give = (id: number, part: Part | '') =>
    setParts((now) => {
      const out = new Map([...now].filter(([each, had]) => each !== id && !(part === 'lead' && had === 'lead')))
      if (part) out.set(id, part)
      return out
    })
  const send = useStep(
    incident.id,
    () =>
      take(
        api.POST('/api/incidents/{id}/joint', {
          params: { path: { id: incident.id } },
          body: { lead: lead!, co, note: note.trim(), due_at: new Date(serverNow() + n * 3_600_000).toISOString(), revision },
        }),
      ),
    () => t('flow.jointSent'),
    onConflict,
  )
  return (
    <Dialog open title={t('flow.joint')} onClose={onClose} testid="joint-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (ready && !wrong && !send.isPending) send.mutate(undefined, { onSettled: onClose })
        }}
        noValidate
      >
        <p className="detail-hint">{t('flow.jointHint')}</p>
        {found.isPending && <Loading text={t('app.loading')} />}
        {found.isError && <Failure compact error={found.error} onRetry={() => void found.refetch()} />}
        {found.data && units.length === 0 && <p>{t('flow.noUnits')}</p>}
        <ul className="joint-units">
          {units.map(({ unit, distance_m }) => (
            <li key={unit.id} data-testid="joint-unit">
              <span className="truncate">{unit.name}</span>
              <span className="flow-meta">{distance(distance_m, t)}</span>
              <select aria-label={unit.name} value={parts.get(unit.id) ?? ''} onChange={(event) => give(unit.id, event.target.value as Part | '')}>
                <option value="">{t('flow.neither')}</option>
                <option value="lead">{t('flow.lead')}</option>
                <option value="co">{t('flow.co')}</option>
              </select>
            </li>
          ))}
        </ul>
        <TextInput label={t('flow.jointDue')} inputMode="decimal" value={hours} onChange={setHours} error={tried && wrong ? '0 – 8784' : undefined} />
        <TextInput label={t('flow.jointNote')} rows={2} value={note} onChange={setNote} maxLength={2000} />
        {tried && !ready && (
          <p className="flow-warn" role="alert">
            {t('flow.jointNeed')}
          </p>
        )}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={send.isPending} data-testid="joint-send">
            {t('flow.jointSend', { n: parts.size })}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
