import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import { api, take } from '../../api/client'
import type { Incident, Proposal } from '../../api/types'
import { select } from '../../app/router'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextInput } from '../../ui/Field'
import { notify } from '../../ui/notices'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Failure } from '../../ui/State'
import { CategoryName } from '../detail/CategoryName'
import { Likeness } from './Likeness'

/** States from which a case can be merged away: nobody was sent yet. */
const early = new Set(['reported', 'verifying', 'accepted', 'filed'])

/** Two cases side by side, and which of them stays. The one that somebody was sent to does; else the older. */
export default function MergeDialog({ incident, other, onClose }: { incident: Incident; other: Proposal; onClose: () => void }) {
  const { t } = useText()
  const client = useQueryClient()
  const both = [incident, other.incident].sort((a, b) => Number(early.has(a.state)) - Number(early.has(b.state)) || a.id - b.id)
  const possible = (stays: Incident) => early.has(both.find((each) => each !== stays)!.state)
  const [staying, setStaying] = useState(both.find(possible)?.id ?? 0)
  const [reason, setReason] = useState('')
  const merge = useMutation({
    mutationFn: () => {
      const stays = both.find((each) => each.id === staying)!
      const goes = both.find((each) => each.id !== staying)!
      return take(
        api.POST('/api/incidents/{id}/merge', {
          params: { path: { id: goes.id } },
          body: { into: stays.id, revision: goes.revision, into_revision: stays.revision, ...(reason.trim() ? { reason: reason.trim() } : {}) },
        }),
      )
    },
    onSuccess: (stays) => {
      notify('done', t('reports.merged', { number: stays.number }))
      onClose()
      select({ layer: 'incident', id: stays.id })
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['incident'] }),
  })
  return (
    <Dialog open wide title={t('reports.mergeTitle')} onClose={onClose} testid="merge-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (staying && !merge.isPending) merge.mutate()
        }}
      >
        <Likeness candidate={other} />
        <RadioGroup className="merge-sides" aria-label={t('reports.mergeTitle')} orientation="horizontal" value={String(staying)} onChange={(id) => setStaying(Number(id))}>
          {both.map((each) => (
            <Side key={each.id} incident={each} stays={each.id === staying} possible={possible(each)} />
          ))}
        </RadioGroup>
        <p className="detail-hint">{t('reports.mergeHint')}</p>
        <TextInput label={t('reports.mergeReason')} name="merge-reason" value={reason} onChange={setReason} maxLength={2000} />
        {merge.error && <Failure compact error={merge.error} />}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={!staying || merge.isPending} data-testid="merge-do">
            {t('reports.mergeDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Side({ incident, stays, possible }: { incident: Incident; stays: boolean; possible: boolean }) {
  const { t, has, locale } = useText()
  const areas = useAreas()
  const source = `source.${incident.source}`
  return (
    <Radio value={String(incident.id)} className="merge-side" isDisabled={!possible} data-testid={`stays-${incident.id}`}>
      <h3>
        <SeveritySign level={asSeverity(incident.severity)} size="1.3em" /> {incident.title}
      </h3>
      <p>
        {incident.number} · {t(`state.incident.${incident.state}`)} · {moment(incident.created_at, locale)}
      </p>
      <p>
        {areas.place(incident.area_path, locale)} {incident.address}
      </p>
      <p>
        <CategoryName code={incident.category} standard={incident.standard} /> · {has(source) ? t(source) : incident.source}
      </p>
      {incident.description && <p>{incident.description}</p>}
      <p className="merge-stays">{possible ? stays && `✓ ${t('reports.mergeInto')}` : t('reports.sent')}</p>
    </Radio>
  )
}
