import { useQuery } from '@tanstack/react-query'
import { Fragment, useEffect, useMemo, useRef } from 'react'
import { useText } from '../../i18n'
import { stamp } from '../../lib/time'
import { Button } from '../../ui/Button'
import { notify } from '../../ui/notices'
import { Empty, Failure, Loading } from '../../ui/State'
import { CategoryName } from '../detail/CategoryName'
import { Expired } from './Expired'
import { Parts } from './Parts'
import { type Span, markWords, toBlocks } from './blocks'
import { entryQuery } from './queries'

/** One entry, with the words by which it was found. Escape goes back to the list. */
export function KnowledgeArticle({ id, words, onBack }: { id: number; words: readonly string[]; onBack: () => void }) {
  const { t, locale } = useText()
  const entry = useQuery(entryQuery(id))
  const article = useRef<HTMLElement>(null)
  useEffect(() => article.current?.focus(), [entry.data])
  const blocks = useMemo(() => toBlocks(entry.data?.body ?? '', words), [entry.data, words])
  const e = entry.data
  return (
    <div
      className="knowledge"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onBack()
      }}
    >
      <div className="knowledge-tools">
        <Button small icon="chevronLeft" onPress={onBack} data-testid="knowledge-back">
          {t('knowledge.back')}
        </Button>
        {e && (
          <Button small icon="copy" onPress={() => void navigator.clipboard.writeText(`${e.title}\n${e.body}`).then(() => notify('done', t('knowledge.copied')))}>
            {t('knowledge.copy')}
          </Button>
        )}
      </div>
      {entry.isError ? (
        <Failure error={entry.error} onRetry={() => void entry.refetch()} />
      ) : !e ? (
        entry.fetchStatus === 'paused' ? <Empty icon="alert" title={t('knowledge.offline')} /> : <Loading text={t('app.loading')} />
      ) : (
        <article ref={article} tabIndex={0} className="knowledge-article" aria-label={e.title} data-testid="knowledge-entry">
          <h3 className="knowledge-head">
            <Parts parts={markWords(e.title, words)} />
          </h3>
          {e.title_en && <p className="knowledge-en">{e.title_en}</p>}
          <Expired entry={e} />
          <div className="knowledge-body">
            {blocks.map(({ kind, lines }, i) => {
              if (kind === 'heading') return <h4 key={i}>{lines.map((spans, n) => <Line key={n} spans={spans} />)}</h4>
              if (kind === 'paragraph') return <p key={i}>{lines.map((spans, n) => <Fragment key={n}>{n > 0 && <br />}<Line spans={spans} /></Fragment>)}</p>
              const items = lines.map((spans, n) => <li key={n}><Line spans={spans} /></li>)
              return kind === 'steps' ? <ol key={i}>{items}</ol> : <ul key={i}>{items}</ul>
            })}
          </div>
          <dl className="knowledge-facts">
            {e.department && <><dt>{t('knowledge.department')}</dt><dd>{e.department}</dd></>}
            {e.categories.length > 0 && <><dt>{t('knowledge.categories')}</dt><dd>{e.categories.map((code, i) => <Fragment key={code}>{i > 0 && ' · '}<CategoryName code={code} /></Fragment>)}</dd></>}
            {(e.valid_from || e.valid_until) && <><dt>{t('knowledge.valid')}</dt><dd>{e.valid_from || '…'} – {e.valid_until || '…'}</dd></>}
            {e.source && <><dt>{t('knowledge.source')}</dt><dd>{e.source}</dd></>}
            <dt>{t('knowledge.updated')}</dt>
            <dd>{stamp(e.updated_at, locale)}</dd>
          </dl>
        </article>
      )}
    </div>
  )
}

const Line = ({ spans }: { spans: readonly Span[] }) =>
  spans.map(({ text, strong, mark }, i) => {
    const inner = mark ? <mark>{text}</mark> : text
    return strong ? <strong key={i}>{inner}</strong> : <Fragment key={i}>{inner}</Fragment>
  })
