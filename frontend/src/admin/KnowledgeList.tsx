import { useQuery } from '@tanstack/react-query'
import { Fragment, useDeferredValue, useState } from 'react'
import { api, take } from '../api/client'
import { CategoryName } from '../features/detail/CategoryName'
import { Expired } from '../features/knowledge/Expired'
import { Parts } from '../features/knowledge/Parts'
import { type KnowledgeHit, knowledgeKey, knowledgeQuery } from '../features/knowledge/queries'
import { useText } from '../i18n'
import '../i18n/knowledge'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { ConfirmDialog } from './ConfirmDialog'
import { KnowledgeEdit, KnowledgeForm } from './KnowledgeForm'
import '../features/knowledge/knowledge.css'

const textOf = (hit: KnowledgeHit) => hit.title.map((part) => part.text).join('')

/** The entries of the knowledge base: those changed last, or those that hold some words. */
export function KnowledgeList() {
  const { t, locale } = useText()
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const found = useQuery({ ...knowledgeQuery(q, '', 50), staleTime: 0 })
  const [editing, setEditing] = useState<number | 'new' | null>(null)
  const [deleting, setDeleting] = useState<KnowledgeHit | null>(null)
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  return (
    <section aria-labelledby="knowledge-title" className="knowledge">
      <AdminHead id="knowledge-title" title={t('knowledge.title')} hint={t('knowledge.manageHint')}>
        <NewButton testid="new-knowledge" text={t('knowledge.newEntry')} onPress={() => setEditing('new')} />
      </AdminHead>
      <TextInput label={t('knowledge.search')} value={text} onChange={setText} maxLength={100} name="knowledge-q" placeholder={t('knowledge.placeholder')} />
      <p className="knowledge-say" role="status">
        {found.data.loose ? t('knowledge.loose') : q ? t('knowledge.found', { n: found.data.items.length }) : t('knowledge.newest')}
      </p>
      {found.data.items.length === 0 ? (
        <Empty icon="list" title={q ? t('knowledge.none', { q }) : t('knowledge.empty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('knowledge.entryTitle')}</th>
              <th scope="col">{t('knowledge.categories')}</th>
              <th scope="col">{t('knowledge.department')}</th>
              <th scope="col">{t('knowledge.valid')}</th>
              <th scope="col">{t('knowledge.updated')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {found.data.items.map((hit) => (
              <tr key={hit.id} data-testid="knowledge-row">
                <th scope="row">
                  <Parts parts={hit.title} />
                  <div className="grid-details">{[hit.title_en, hit.source].filter(Boolean).join(' · ')}</div>
                </th>
                <td>{hit.categories.map((code, i) => <Fragment key={code}>{i > 0 && ' · '}<CategoryName code={code} /></Fragment>)}</td>
                <td>{hit.department}</td>
                <td>{hit.expired ? <Expired entry={hit} /> : hit.valid_until || t('knowledge.always')}</td>
                <td>{stamp(hit.updated_at, locale)}</td>
                <td className="grid-action">
                  <Button onPress={() => setEditing(hit.id)} aria-label={`${t('knowledge.edit')} ${textOf(hit)}`}>
                    {t('knowledge.edit')}
                  </Button>{' '}
                  <Button onPress={() => setDeleting(hit)} aria-label={`${t('knowledge.delete')} ${textOf(hit)}`}>
                    {t('knowledge.delete')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing === 'new' && <KnowledgeForm entry={null} onClose={() => setEditing(null)} />}
      {typeof editing === 'number' && <KnowledgeEdit id={editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <ConfirmDialog
          title={t('knowledge.deleteTitle', { title: textOf(deleting) })}
          hint={t('knowledge.deleteHint')}
          action={t('knowledge.delete')}
          done={t('knowledge.deleted', { title: textOf(deleting) })}
          act={() => take(api.DELETE('/api/knowledge/{id}', { params: { path: { id: deleting.id } } }))}
          queryKey={knowledgeKey}
          onClose={() => setDeleting(null)}
          testid="delete-knowledge"
        />
      )}
    </section>
  )
}
