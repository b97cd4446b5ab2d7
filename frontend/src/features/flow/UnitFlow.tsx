import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { incidentQuery } from '../../api/queries'
import { useText } from '../../i18n'
import '../../i18n/flow'
import { useRow } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { errorText } from '../../api/error'
import { notify } from '../../ui/notices'
import type { ConflictSeen } from '../detail/Conflict'
import { AskDialog } from './AskDialog'
import { flowQuery, type RequestKind } from './flowQuery'
import { Plans } from './Plans'
import { Requests } from './Requests'
import './flow.css'

/** The flow of a case on a unit's phone: asked of the server when the case changes, and again now and then. */
export default function UnitFlow({ incident }: { incident: number }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const row = useRow('incident', incident)
  const sign = `${row?.revision} ${row?.updated_at}`
  const first = useRef(sign)
  const flow = useQuery({ ...flowQuery(incident), refetchInterval: row ? false : 30_000 })
  const detail = useQuery({ ...incidentQuery(incident), retry: false })
  const [asking, setAsking] = useState<RequestKind | null>(null)
  const onConflict = ({ error }: ConflictSeen) => notify('wrong', errorText(error, t, has))
  useEffect(() => {
    if (first.current === sign) return
    first.current = sign
    void client.invalidateQueries({ queryKey: ['incident', incident] })
  }, [client, incident, sign])
  if (!flow.data || !detail.data) return null
  const { asks, requests, plans, may_tick } = flow.data
  if (asks.length === 0 && requests.length === 0 && plans.length === 0) return null
  return (
    <div className="card-flow" data-testid={`unit-flow-${incident}`}>
      <Requests incident={incident} requests={requests} photos={detail.data.attachments} onConflict={onConflict} />
      <Plans incident={incident} plans={plans} mayTick={may_tick} />
      <div className="flow-buttons">
        {asks.map((kind) => (
          <Button key={kind} onPress={() => setAsking(kind)} data-testid={`ask-${kind}`}>
            {t(`flow.ask.${kind}`)}
          </Button>
        ))}
      </div>
      {asking && <AskDialog kind={asking} detail={detail.data} onClose={() => setAsking(null)} onConflict={onConflict} />}
    </div>
  )
}
