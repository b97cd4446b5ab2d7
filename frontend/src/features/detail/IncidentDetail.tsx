import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { incidentQuery } from '../../api/queries'
import type { IncidentDetail as Detail } from '../../api/types'
import { openIncident, stageOf, waitsForDesk } from '../../domain/incidents'
import { useAreas } from '../../domain/useAreas'
import { textOr, useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { age, moment } from '../../lib/time'
import { useLayer, useRow } from '../../live/hooks'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Failure, Loading } from '../../ui/State'
import { asApiError } from '../../api/error'
import { later } from '../../ui/later'
import { CategoryName } from './CategoryName'
import { Conflict, type ConflictSeen } from './Conflict'
import { DispatchList } from './DispatchList'
import { Coordinates, DetailFrame, Facts, Section } from './Frame'
import { LogTimeline } from './LogTimeline'
import { Moves } from './Moves'
import { TaskList } from './TaskList'

const WhatSees = later(() => import('../sight/WhatSees'))
const Attachments = later(() => import('./Attachments'))
const QueueMark = later(() => import('../duty/QueueMark'))
const Talk = later(() => import('../duty/Talk'))
const CaseFlow = later(() => import('../flow/CaseFlow'))
const CaseMarkings = later(() => import('../markings/CaseMarkings'))
const CaseReports = later(() => import('../reports/CaseReports'))

/** What the detail of every case shows, and is not in the first view. */
export const partsOfIncident = [WhatSees, Talk, CaseFlow, CaseMarkings, CaseReports]

/** How often a case that has left the live copy is asked for again: an appeal, a message or a call back may still come. Milliseconds. */
const unfollowed = 30_000
/** How soon a case is asked for again whose answer is older than the live copy: a change may be told a moment before the database shows it to others. Milliseconds. */
const behind = 1_000

/** A case: facts, whom to send, who is on it, what may be done, what has happened. Follows the live copy, and asks where there is none. */
export function IncidentDetail({ id }: { id: number }) {
  const { t, has, locale } = useText()
  const row = useRow('incident', id)
  const detail = useQuery({ ...incidentQuery(id), refetchInterval: ({ state }) => (!row ? unfollowed : state.data && state.data.incident.revision < Number(row.revision) ? behind : false) })
  const areas = useAreas()
  const [conflict, setConflict] = useState<ConflictSeen | null>(null)
  useFresh(id, detail.data)

  const incident = detail.data?.incident
  const severity = asSeverity(incident?.severity ?? row?.severity)
  const live = row && openIncident(row, [])
  const title = incident?.title ?? live?.title ?? ''
  const path = incident?.area_path ?? live?.areaPath
  const createdAt = incident ? Date.parse(incident.created_at) : live?.createdAt

  if (detail.isError && !detail.data) {
    const gone = asApiError(detail.error).code === 'not_found'
    return (
      <DetailFrame sign={<SeveritySign level={severity} size="2.4rem" />} title={title || t('detail.title')} testid="incident-detail">
        <Failure error={detail.error} title={gone ? t('detail.gone') : undefined} onRetry={gone ? undefined : () => void detail.refetch()} />
      </DetailFrame>
    )
  }

  return (
    <DetailFrame
      testid="incident-detail"
      sign={<SeveritySign level={severity} size="2.4rem" label={t(`severity.${severity}`)} />}
      title={title}
      place={areas.place(path, locale) || t('place.outside')}
      chip={incident && <StateChip detail={detail.data!} />}
    >
      {!detail.data || !incident ? (
        <Loading text={t('detail.loading')} />
      ) : (
        <>
          <QueueMark incident={id} whole />
          <Facts
            facts={[
              [t('detail.source'), textOr(t, has, `source.${incident.source}`, incident.source)],
              [t('detail.created'), moment(incident.created_at, locale)],
              [t('detail.since'), incident.closed_at ? null : <Elapsed key="age" since={createdAt!} />],
              !!incident.due_at && [t('detail.due'), moment(incident.due_at, locale)],
              !!incident.closed_at && [t('detail.closedAt'), moment(incident.closed_at, locale)],
              [t('detail.category'), <CategoryName key="category" code={incident.category} standard={incident.standard} />],
              [t('detail.number'), incident.number],
              [t('detail.address'), incident.address, true],
              [t('detail.description'), incident.description, true],
              [t('detail.coordinates'), <Coordinates key="point" point={incident.point} />, true],
            ]}
          />
          {conflict && <Conflict seen={conflict} onClose={() => setConflict(null)} />}
          {detail.data.attachments.length > 0 && <Attachments items={detail.data.attachments} />}
          {detail.data.tasks.length > 0 && <TaskList detail={detail.data} onConflict={setConflict} />}
          <DispatchList detail={detail.data} onConflict={setConflict} />
          <CaseFlow detail={detail.data} onConflict={setConflict} />
          <Moves detail={detail.data} onConflict={setConflict} />
          <CaseMarkings incident={id} over={!!incident.closed_at} />
          <Talk incident={id} />
          <CaseReports detail={detail.data} />
          <WhatSees point={incident.point} />
          <Section title={t('detail.log')} testid="incident-log">
            <LogTimeline log={detail.data.log} />
          </Section>
        </>
      )}
    </DetailFrame>
  )
}

/** Asks for the case again when the live copy has it newer (a photo changes no revision), or one of its tasks has moved. */
function useFresh(id: number, have: Detail | undefined): void {
  const client = useQueryClient()
  const row = useRow('incident', id)
  const tasks = useLayer('task')
  const sign = useMemo(() => {
    const mine: string[] = []
    tasks.each('incident_id', (task, incident) => {
      if (incident === id) mine.push(`${task}:${tasks.value(task, 'revision')}`)
    })
    return `${row?.revision} ${row?.updated_at} ${mine.sort().join(' ')}`
  }, [id, row, tasks, tasks.version])
  const loaded = have !== undefined
  const opening = useRef(true)
  useEffect(() => {
    // a case that was open before is asked for by being opened: that one question is enough
    if (loaded) void client.invalidateQueries({ queryKey: incidentQuery(id).queryKey }, { cancelRefetch: !opening.current })
    opening.current = false
    // not on `loaded`: the first answer is fresh
  }, [client, id, sign])
}

function StateChip({ detail }: { detail: Detail }) {
  const { t } = useText()
  const stage = stageOf(detail.incident.state, detail.tasks.filter((task) => !task.ended_at).map((task) => task.state))
  return (
    <span className={`state-chip${waitsForDesk(stage) && !detail.incident.closed_at ? ' waits' : ''}`} data-testid="incident-state" data-state={detail.incident.state}>
      {t(`state.incident.${detail.incident.state}`)}
    </span>
  )
}

function Elapsed({ since }: { since: number }) {
  const { t } = useText()
  return <>{age(useNow() - since, t)}</>
}
