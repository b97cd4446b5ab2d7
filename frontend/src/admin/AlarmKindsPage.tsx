import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { alarmKindsQuery, categoriesQuery } from '../api/queries'
import type { AlarmKind } from '../api/types'
import { CategoryName } from '../features/detail/CategoryName'
import { useText } from '../i18n'
import '../i18n/dictionary'
import { Button } from '../ui/Button'
import { SeveritySign, asSeverity } from '../ui/Severity'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { AlarmKindForm } from './AlarmKindForm'
import './categories.css'

/** What devices may tell of, and what becomes of it. */
export default function AlarmKindsPage() {
  const { t, locale } = useText()
  const kinds = useQuery({ ...alarmKindsQuery, staleTime: 0 })
  const categories = useQuery(categoriesQuery).data
  const [editing, setEditing] = useState<AlarmKind | 'new' | null>(null)
  if (kinds.isPending) return <Loading text={t('app.loading')} />
  if (kinds.isError) return <Failure error={kinds.error} onRetry={() => void kinds.refetch()} />
  const titleOf = (kind: AlarmKind) => (locale === 'en' && kind.title_en) || kind.title
  const offered = (code: string) => categories?.some((each) => each.code === code && !each.retired) ?? true
  return (
    <section aria-labelledby="alarm-kinds-title">
      <AdminHead id="alarm-kinds-title" title={t('admin.alarmKinds')} hint={t('alarmKind.hint')}>
        <NewButton testid="new-alarmkind" text={t('alarmKind.new')} onPress={() => setEditing('new')} />
      </AdminHead>
      {kinds.data.length === 0 ? (
        <Empty icon="bell" title={t('alarmKind.empty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('dictionary.code')}</th>
              <th scope="col">{t('alarmKind.title')}</th>
              <th scope="col">{t('alarmKind.category')}</th>
              <th scope="col">{t('alarmKind.severity')}</th>
              <th scope="col">{t('dictionary.state')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {kinds.data.map((kind) => (
              <tr key={kind.id} data-testid={`alarmkind-${kind.code}`} data-disabled={kind.retired || undefined}>
                <td>{kind.code}</td>
                <th scope="row">
                  {titleOf(kind)}
                  <div className="grid-details">{locale === 'en' ? kind.title : kind.title_en}</div>
                </th>
                <td>
                  {kind.category ? (
                    <>
                      {kind.category} <CategoryName code={kind.category} />
                      {!offered(kind.category) && <div className="grid-details">{t('alarmKind.categoryRetired')}</div>}
                    </>
                  ) : (
                    t('alarmKind.chosen')
                  )}
                </td>
                <td>
                  <span className="dictionary-severity">
                    <SeveritySign level={asSeverity(kind.severity)} size="1.3em" />
                    {t(`severity.${kind.severity}`)}
                  </span>
                </td>
                <td>{t(kind.retired ? 'dictionary.retired' : 'dictionary.offered')}</td>
                <td className="grid-action">
                  <Button onPress={() => setEditing(kind)} aria-label={t('alarmKind.edit', { code: `${kind.code} ${titleOf(kind)}` })}>
                    {t('dictionary.change')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing && <AlarmKindForm kind={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </section>
  )
}
