import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { categoriesQuery } from '../../api/queries'
import { classIn } from '../../domain/categoryClasses'
import { useText } from '../../i18n'
import '../../i18n/knowledge'
import { useResting } from '../../lib/useResting'
import { Icon } from '../../ui/icons'
import { Select } from '../../ui/Select'
import { Empty, Failure, Loading } from '../../ui/State'
import { Expired } from './Expired'
import { KnowledgeArticle } from './KnowledgeArticle'
import { Parts } from './Parts'
import { markedWords } from './blocks'
import { type KnowledgeHit, knowledgeQuery } from './queries'
import '../../ui/field.css'
import './knowledge.css'

interface KnowledgeSearchProps {
  /** What is looked for at first, and whenever it changes: the title of a report, the name of a category. */
  initialQuery?: string
  /** Code of the dictionary, or its beginning: entries of it alone, and nobody chooses. */
  category?: string
  autoFocus?: boolean
}

/** Searches the knowledge base while one types; arrows go through what is found, Enter opens, Escape goes back. It fills what it stands in. */
export default function KnowledgeSearch({ initialQuery = '', category, autoFocus }: KnowledgeSearchProps) {
  const { t } = useText()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(initialQuery)
  const [group, setGroup] = useState('')
  const [active, setActive] = useState(0)
  const [opened, setOpened] = useState<KnowledgeHit | null>(null)
  useEffect(() => {
    setText(initialQuery)
    setOpened(null)
  }, [initialQuery])
  const q = useResting(text.trim().slice(0, 100), 140)
  const found = useQuery(knowledgeQuery(q, category ?? group, 30))
  const hits = found.data?.items ?? []
  const waiting = q !== text.trim().slice(0, 100) || found.isFetching
  useEffect(() => setActive(0), [found.data])
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, active])

  function back() {
    setOpened(null)
    requestAnimationFrame(() => input.current?.focus())
  }

  function press(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return // Enter takes the Chinese that is being typed
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key]
    const hit = hits[active]
    if (step && hits.length > 0) setActive((now) => Math.min(hits.length - 1, Math.max(0, now + step)))
    else if (event.key === 'Enter' && hit && !found.isPlaceholderData) setOpened(hit)
    else if (event.key === 'Escape' && text !== '') setText('')
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  if (opened) {
    return <KnowledgeArticle id={opened.id} words={[...markedWords(opened.title), ...markedWords(opened.snippet)]} onBack={back} />
  }
  return (
    <div className="knowledge">
      <div className="knowledge-ask">
        <div className="field-box knowledge-box">
          <Icon name="search" size="1.1em" />
          <input
            ref={input}
            className="field-input"
            role="combobox"
            aria-label={t('knowledge.search')}
            aria-expanded={hits.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={hits.length > 0 ? `${id}-${active}` : undefined}
            aria-autocomplete="list"
            placeholder={t('knowledge.placeholder')}
            value={text}
            maxLength={100}
            spellCheck={false}
            autoComplete="off"
            autoFocus={autoFocus}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={press}
            data-testid="knowledge-search"
          />
        </div>
        {category === undefined && <Groups value={group} onChange={setGroup} />}
      </div>
      <p className="knowledge-say" role="status">
        {found.fetchStatus === 'paused' ? t('knowledge.offline') : waiting && found.data ? t('knowledge.searching') : found.data?.loose ? t('knowledge.loose') : found.data ? (q ? t('knowledge.found', { n: hits.length }) : t('knowledge.newest')) : ''}
      </p>
      {found.isError ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : found.isPending ? (
        found.fetchStatus === 'paused' ? <Empty icon="alert" title={t('knowledge.offline')} /> : <Loading text={t('knowledge.searching')} />
      ) : hits.length === 0 ? (
        <Empty icon="list" title={q ? t('knowledge.none', { q }) : t('knowledge.empty')} detail={q ? t('knowledge.noneHint') : undefined} />
      ) : (
        <ul className="knowledge-list" id={`${id}-list`} role="listbox" aria-label={t('knowledge.results')} data-waiting={waiting || undefined}>
          {hits.map((hit, i) => (
            <li key={hit.id} id={`${id}-${i}`} role="option" aria-selected={i === active} className="knowledge-hit" data-testid="knowledge-hit" onPointerMove={() => setActive(i)} onClick={() => setOpened(hit)}>
              <Title hit={hit} />
              <p className="knowledge-snippet">
                <Parts parts={hit.snippet} />
              </p>
            </li>
          ))}
        </ul>
      )}
      <p className="knowledge-keys">{t('knowledge.keys')}</p>
    </div>
  )
}

function Title({ hit }: { hit: KnowledgeHit }) {
  const { locale } = useText()
  return (
    <div className="knowledge-title">
      <span className="truncate">
        <Parts parts={hit.title} />
      </span>
      {locale === 'en' && hit.title_en && <span className="knowledge-en truncate">{hit.title_en}</span>}
      <Expired entry={hit} />
      <span className="knowledge-of truncate">{[hit.department, hit.source].filter(Boolean).join(' · ')}</span>
    </div>
  )
}

/** The large classes of the dictionary. */
function Groups({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const { t, locale } = useText()
  const { data } = useQuery(categoriesQuery)
  const choices = useMemo(() => {
    const classes = new Map<string, string>()
    for (const { kind, code, class: name } of data ?? []) if (kind === 'item') classes.set(code.slice(0, 2), name)
    return [{ id: '', text: t('knowledge.allClasses') }, ...[...classes].map(([id, text]) => ({ id, text: classIn(text, locale) }))]
  }, [data, t, locale])
  return <Select label={t('knowledge.class')} hideLabel value={value} onChange={onChange} choices={choices} testid="knowledge-class" />
}
