import { useInfiniteQuery } from '@tanstack/react-query'
import { api, take } from '../api/client'
import { textOr, useText } from '../i18n'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead } from './AdminHead'
import { AuditDetails } from './AuditDetails'

const PAGE = 100

/** Who did what, newest first. */
export function AuditList() {
  const { t, has, locale } = useText()
  const audit = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: async ({ pageParam }) => (await take(api.GET('/api/audit', { params: { query: { before: pageParam, limit: PAGE } } }))).items,
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    staleTime: 0,
  })
  if (audit.isPending) return <Loading text={t('app.loading')} />
  if (audit.isError) return <Failure error={audit.error} onRetry={() => void audit.refetch()} />
  const rows = audit.data.pages.flat()
  if (rows.length === 0) return <Empty icon="list" title={t('admin.auditEmpty')} />
  return (
    <section aria-labelledby="audit-title">
      <AdminHead id="audit-title" title={t('admin.audit')}>
        <Button icon="refresh" onPress={() => void audit.refetch()}>
          {t('admin.refresh')}
        </Button>
      </AdminHead>
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">{t('admin.time')}</th>
            <th scope="col">{t('admin.who')}</th>
            <th scope="col">{t('admin.what')}</th>
            <th scope="col">{t('admin.subject')}</th>
            <th scope="col">{t('admin.remote')}</th>
            <th scope="col">{t('admin.details')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((entry) => (
            <tr key={entry.id} data-testid="audit-entry" data-action={entry.action}>
              <td>{stamp(entry.time, locale)}</td>
              <td>{entry.login || '–'}</td>
              <td>{textOr(t, has, `audit.${entry.action}`, entry.action)}</td>
              <td>{entry.subject}</td>
              <td>{entry.remote}</td>
              <td className="grid-details">{entry.details && <AuditDetails details={entry.details} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="admin-foot">
        {audit.hasNextPage ? (
          <Button isDisabled={audit.isFetchingNextPage} onPress={() => void audit.fetchNextPage()}>
            {t('admin.older')}
          </Button>
        ) : (
          <span>{t('admin.end')}</span>
        )}
      </div>
    </section>
  )
}
