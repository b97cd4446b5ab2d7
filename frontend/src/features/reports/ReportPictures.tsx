import type { Report } from '../../api/types'
import { useText } from '../../i18n'

/** What came with a report, small; a press opens it in a tab of its own. */
export function ReportPictures({ report }: { report: Report }) {
  const { t } = useText()
  if (!report.pictures?.length) return null
  return (
    <span className="report-pictures">
      {report.pictures.map((id, i) => (
        <a key={id} href={`/api/attachments/${id}`} target="_blank" rel="noopener" data-testid="report-picture">
          <img src={`/api/attachments/${id}?thumbnail=true`} alt={t('reports.picture', { n: i + 1 })} loading="lazy" />
        </a>
      ))}
    </span>
  )
}
