import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, take } from '../../api/client'
import { errorText } from '../../api/error'
import type { IncidentDetail, Proposal } from '../../api/types'
import { may, useSession } from '../../app/session'
import { select } from '../../app/router'
import { useText } from '../../i18n'
import '../../i18n/reports'
import { useLayer } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { notify } from '../../ui/notices'
import { later } from '../../ui/later'
import { Failure } from '../../ui/State'
import { Section } from '../detail/Frame'
import { ReportList } from './ReportList'
import { Similar } from './Similar'
import './reports.css'

const MergeDialog = later(() => import('./MergeDialog'))
const CorrectDialog = later(() => import('./CorrectDialog'))
const ReasonDialog = later(() => import('../detail/ReasonDialog'))

/** Who has told of the case, what may be the same thing, and what is wrong in it. */
export default function CaseReports({ detail }: { detail: IncidentDetail }) {
  const { t, has } = useText()
  const session = useSession()
  const { incident } = detail
  const client = useQueryClient()
  const [merging, setMerging] = useState<Proposal | null>(null)
  const [asking, setAsking] = useState<'correct' | 'unmerge' | null>(null)
  const takes = may(session, 'incident.create')
  const moves = may(session, 'incident.move')
  const open = !incident.closed_at
  const live = useReportSign(incident.id)
  const reports = useQuery({
    queryKey: ['incident', incident.id, 'reports', live],
    enabled: takes,
    placeholderData: (before) => before,
    queryFn: async () => (await take(api.GET('/api/reports', { params: { query: { incident: incident.id } } }))).items,
  })
  const similar = useQuery({
    queryKey: ['incident', incident.id, 'candidates', live],
    enabled: takes && open,
    placeholderData: (before) => before,
    queryFn: async () => (await take(api.GET('/api/incidents/{id}/candidates', { params: { path: { id: incident.id } } }))).items,
  })
  const unmerge = useMutation({
    mutationFn: (reason: string) => take(api.POST('/api/incidents/{id}/unmerge', { params: { path: { id: incident.id } }, body: { reason, revision: incident.revision } })),
    onSuccess: (back) => notify('done', t('reports.unmerged', { number: back.number })),
    onError: (error) => notify('wrong', errorText(error, t, has)),
    onSettled: () => {
      setAsking(null)
      void client.invalidateQueries({ queryKey: ['incident'] })
    },
  })
  if (!takes) return null
  const into = incident.merged_into
  return (
    <>
      {into && (
        <div className="moves" data-testid="merged">
          <span>{t('reports.mergedInto')}</span>
          <Button small onPress={() => select({ layer: 'incident', id: into })}>
            {t('reports.openOther')}
          </Button>
          {moves && (
            <Button small onPress={() => setAsking('unmerge')} isDisabled={unmerge.isPending}>
              {t('reports.unmerge')}
            </Button>
          )}
        </div>
      )}
      <Section title={reports.data ? t('reports.ofCase', { n: reports.data.length }) : t('reports.title')} testid="case-reports">
        {reports.isError && !reports.data && <Failure compact error={reports.error} onRetry={() => void reports.refetch()} />}
        {reports.data?.length === 0 && <p className="detail-hint">{t('reports.none')}</p>}
        {reports.data && <ReportList reports={reports.data} closed={!open} />}
        {moves && open && (
          <div className="moves">
            <Button small onPress={() => setAsking('correct')} data-testid="correct">
              {t('reports.correct')}
            </Button>
          </div>
        )}
      </Section>
      {open && !!similar.data?.length && (
        <Section title={t('reports.similar')} testid="similar-cases">
          <Similar items={similar.data} action={t('reports.merge')} busy={!moves} onAct={setMerging} />
        </Section>
      )}
      {merging && <MergeDialog incident={incident} other={merging} onClose={() => setMerging(null)} />}
      {asking === 'correct' && <CorrectDialog incident={incident} onClose={() => setAsking(null)} />}
      {asking === 'unmerge' && (
        <ReasonDialog title={t('reports.unmerge')} confirm={t('reports.unmerge')} busy={unmerge.isPending} onClose={() => setAsking(null)} onConfirm={(reason) => unmerge.mutate(reason)} />
      )}
    </>
  )
}

/** Changes when a report comes to the case, leaves it or is answered. */
function useReportSign(id: number): string {
  const layer = useLayer('report')
  return useMemo(() => {
    const mine: string[] = []
    layer.each('incident_id', (report, incident) => {
      if (incident === id) mine.push(`${report}${String(layer.value(report, 'state'))}`)
    })
    return mine.sort().join(' ')
  }, [id, layer, layer.version])
}
