import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../../api/client'
import { errorText } from '../../api/error'
import type { Report } from '../../api/types'
import { select } from '../../app/router'
import { textOr, useText } from '../../i18n'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { notify } from '../../ui/notices'
import { later } from '../../ui/later'
import { Likeness } from './Likeness'
import { ReportPictures } from './ReportPictures'

const AnswerDialog = later(() => import('./AnswerDialog'))

/** Reports with their reporters, and what may be done with each. */
export function ReportList({ reports, closed }: { reports: Report[]; closed: boolean }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [answering, setAnswering] = useState<Report | null>(null)
  const part = useMutation({
    mutationFn: (report: Report) => take(api.POST('/api/reports/{id}/moves', { params: { path: { id: report.id } }, body: { move: 'part' } })),
    onSuccess: ({ incident }) => {
      notify('done', t('reports.parted', { number: incident?.number ?? '' }))
      if (incident) select({ layer: 'incident', id: incident.id })
    },
    onError: (error) => notify('wrong', errorText(error, t, has)),
    onSettled: () => void client.invalidateQueries({ queryKey: ['incident'] }),
  })
  return (
    <ul className="report-list">
      {reports.map((report) => (
        <li key={report.id} className="report" data-testid="report">
          <span className="report-title">{report.title}</span>
          <time className="report-when" dateTime={report.receive_time}>
            {moment(report.source_time ?? report.receive_time, locale)}
          </time>
          <span className="report-who">
            {textOr(t, has, `source.${report.channel}`, report.channel)}
            {report.reporter_name && ` · ${report.reporter_name}`}
            {report.reporter_phone && (
              <>
                {' · '}
                <a className="report-phone" href={`tel:${report.reporter_phone}`}>
                  {report.reporter_phone}
                </a>
              </>
            )}
            {report.tracking && ` · ${t('reports.tracking', { code: report.tracking })}`}
            {report.state === 'answered' && ` · ${t('reports.state.answered')}`}
          </span>
          {report.description && <span className="report-said">{report.description}</span>}
          <ReportPictures report={report} />
          {report.likeness && (
            <>
              <span className="report-who">{t('reports.byItself')}</span>
              <Likeness candidate={report.likeness} />
            </>
          )}
          {report.state === 'answered' && report.answer && <span className="report-said">→ {report.answer}</span>}
          {report.state === 'attached' && (closed || reports.length > 1) && (
            <span className="report-buttons">
              {closed ? (
                <Button small look="primary" onPress={() => setAnswering(report)}>
                  {t('reports.callBack')}
                </Button>
              ) : (
                <Button small isDisabled={part.isPending} onPress={() => part.mutate(report)}>
                  {t('reports.part')}
                </Button>
              )}
            </span>
          )}
        </li>
      ))}
      {answering && <AnswerDialog report={answering} onClose={() => setAnswering(null)} />}
    </ul>
  )
}
