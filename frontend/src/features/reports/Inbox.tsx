import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import { api, take } from '../../api/client'
import { errorText } from '../../api/error'
import type { Report } from '../../api/types'
import { paths, select } from '../../app/router'
import { change, theMap } from '../../app/workbench'
import { textOr, useText } from '../../i18n'
import '../../i18n/reports'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { later } from '../../ui/later'
import { notify } from '../../ui/notices'
import { Empty, Failure, Loading } from '../../ui/State'
import { ReportPictures } from './ReportPictures'
import './reports.css'

const AnswerDialog = later(() => import('./AnswerDialog'))
const ReasonDialog = later(() => import('../detail/ReasonDialog'))

/** What waits for a person: reports without a place, and callers whose case is over. */
export default function Inbox() {
  const { t } = useText()
  return (
    <Dialog open wide title={t('reports.title')} onClose={() => change({ reports: false })} testid="inbox">
      <Tabs className="inbox" defaultSelectedKey="call">
        <TabList className="segment" aria-label={t('reports.title')}>
          <Tab id="call" className="segment-item">
            {t('reports.toCall')}
          </Tab>
          <Tab id="place" className="segment-item">
            {t('reports.toPlace')}
          </Tab>
        </TabList>
        <TabPanel id="call" className="inbox-panel">
          <Waiting kind="call" />
        </TabPanel>
        <TabPanel id="place" className="inbox-panel">
          <Waiting kind="place" />
        </TabPanel>
      </Tabs>
      <a className="report-phone" href={paths.poster} target="_blank" rel="noopener">
        {t('reports.poster')}
      </a>
    </Dialog>
  )
}

function Waiting({ kind }: { kind: 'call' | 'place' }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [answering, setAnswering] = useState<Report | null>(null)
  const [dismissing, setDismissing] = useState<Report | null>(null)
  const found = useQuery({
    queryKey: ['reports', kind],
    staleTime: 0,
    refetchInterval: 20_000,
    queryFn: async () => (await take(api.GET('/api/reports', { params: { query: kind === 'call' ? { to_call: true } : { state: 'received' } } }))).items,
  })
  const move = useMutation({
    mutationFn: ({ report, ...body }: { report: Report; move: 'part' | 'dismiss'; point?: number[]; reason?: string }) =>
      take(api.POST('/api/reports/{id}/moves', { params: { path: { id: report.id } }, body })),
    onSuccess: ({ incident }, { move: made }) => {
      notify('done', made === 'part' ? t('reports.parted', { number: incident?.number ?? '' }) : t('reports.dismissed'))
      if (incident) select({ layer: 'incident', id: incident.id })
    },
    onError: (error) => notify('wrong', errorText(error, t, has)),
    onSettled: () => {
      setDismissing(null)
      void client.invalidateQueries({ queryKey: ['reports'] })
    },
  })
  /** A report with a place gets its case there; for another the place is picked on the map. */
  async function open(report: Report) {
    change({ reports: false })
    const point = report.point ?? (await theMap.get()?.pickPoint())
    if (point) move.mutate({ report, move: 'part', point: [...point] })
    else change({ reports: true })
  }
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure compact error={found.error} onRetry={() => void found.refetch()} />
  if (found.data.length === 0) return <Empty icon="check" title={t(kind === 'call' ? 'reports.toCallNone' : 'reports.toPlaceNone')} />
  return (
    <ul className="report-list">
      {found.data.map((report) => (
        <li key={report.id} className="report" data-testid="waiting">
          <span className="report-title">{report.title}</span>
          <time className="report-when" dateTime={report.receive_time}>
            {moment(report.receive_time, locale)}
          </time>
          <span className="report-who">
            {textOr(t, has, `source.${report.channel}`, report.channel)} {report.address && `· ${report.address}`} {report.reporter_name && `· ${report.reporter_name}`}{' '}
            {report.reporter_phone && (
              <a className="report-phone" href={`tel:${report.reporter_phone}`}>
                {report.reporter_phone}
              </a>
            )}
          </span>
          <ReportPictures report={report} />
          <span className="report-buttons">
            {kind === 'call' ? (
              <>
                <Button small look="primary" onPress={() => setAnswering(report)}>
                  {t('reports.callBack')}
                </Button>
                {report.incident_id && (
                  <Button
                    small
                    onPress={() => {
                      change({ reports: false })
                      select({ layer: 'incident', id: report.incident_id! })
                    }}
                  >
                    {t('detail.title')}
                  </Button>
                )}
              </>
            ) : (
              <>
                <Button small look="primary" isDisabled={move.isPending} onPress={() => void open(report)}>
                  {t('reports.part')}
                </Button>
                <Button small isDisabled={move.isPending} onPress={() => setDismissing(report)}>
                  {t('reports.dismiss')}
                </Button>
              </>
            )}
          </span>
        </li>
      ))}
      {answering && <AnswerDialog report={answering} onClose={() => setAnswering(null)} />}
      {dismissing && <ReasonDialog title={t('reports.dismiss')} confirm={t('reports.dismiss')} busy={move.isPending} onClose={() => setDismissing(null)} onConfirm={(reason) => move.mutate({ report: dismissing, move: 'dismiss', reason })} />}
    </ul>
  )
}
