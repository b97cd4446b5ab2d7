import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { api, take } from '../api/client'
import { categoriesQuery } from '../api/queries'
import type { Category } from '../api/types'
import { classIn } from '../domain/categoryClasses'
import { nameIn } from '../domain/names'
import { useText } from '../i18n'
import '../i18n/dictionary'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { Icon } from '../ui/icons'
import { Select } from '../ui/Select'
import { SeveritySign, asSeverity } from '../ui/Severity'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { CategoryForm } from './CategoryForm'
import { TimeRulesPage } from './TimeRulesPage'
import { type Group, type Sought, countByCategory, groupsOf } from './categories'
import './categories.css'

/** The dictionary of components and items: a class opens at a press, and by itself where something is sought. */
export default function CategoriesPage() {
  const { t } = useText()
  const categories = useQuery({ ...categoriesQuery, refetchOnMount: 'always' })
  const rules = useQuery({ queryKey: ['timerules'], queryFn: () => take(api.GET('/api/timerules')) }).data
  const [sought, setSought] = useState<Sought>({ text: '', kind: '', state: '' })
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [editing, setEditing] = useState<Category | 'new' | null>(null)
  const [ruling, setRuling] = useState<Category | null>(null)
  const asked = useDeferredValue(sought)
  const groups = useMemo(() => groupsOf(categories.data ?? [], asked), [categories.data, asked])
  const limits = useMemo(() => countByCategory(rules?.limits), [rules])
  const conditions = useMemo(() => countByCategory(rules?.conditions), [rules])
  if (categories.isPending) return <Loading text={t('app.loading')} />
  if (categories.isError) return <Failure error={categories.error} onRetry={() => void categories.refetch()} />
  if (ruling) {
    return (
      <>
        <Button icon="chevronLeft" onPress={() => setRuling(null)} data-testid="back-to-categories">
          {t('dictionary.back')}
        </Button>
        <TimeRulesPage only={ruling.code} />
      </>
    )
  }
  const searching = !!asked.text.trim() || !!asked.state
  const toggle = (key: string) => setOpen((now) => (now.has(key) ? new Set([...now].filter((each) => each !== key)) : new Set([...now, key])))
  return (
    <section aria-labelledby="categories-title">
      <AdminHead id="categories-title" title={t('admin.categories')} hint={t('dictionary.hint')}>
        <NewButton testid="new-category" text={t('dictionary.new')} onPress={() => setEditing('new')} />
      </AdminHead>
      <div className="dictionary-seek">
        <TextInput label={t('dictionary.search')} name="category-q" value={sought.text} onChange={(text) => setSought((now) => ({ ...now, text }))} placeholder={t('dictionary.placeholder')} maxLength={60} />
        <Select label={t('dictionary.kind')} value={sought.kind} choices={(['', 'item', 'component'] as const).map((id) => ({ id, text: t(`dictionary.${id || 'all'}`) }))} onChange={(kind) => setSought((now) => ({ ...now, kind: kind as Sought['kind'] }))} />
        <Select label={t('dictionary.state')} value={sought.state} choices={(['', 'offered', 'retired'] as const).map((id) => ({ id, text: t(`dictionary.${id || 'all'}`) }))} onChange={(state) => setSought((now) => ({ ...now, state: state as Sought['state'] }))} />
      </div>
      <p className="admin-hint" role="status">
        {t('dictionary.found', { n: groups.reduce((n, group) => n + group.items.length, 0) })}
      </p>
      {groups.length === 0 ? (
        <Empty icon="list" title={t('dictionary.none')} detail={t('dictionary.noneHint')} />
      ) : (
        <table className="grid dictionary">
          <thead>
            <tr>
              <th scope="col">{t('dictionary.code')}</th>
              <th scope="col">{t('dictionary.name')}</th>
              <th scope="col">{t('dictionary.severity')}</th>
              <th scope="col">{t('dictionary.rules')}</th>
              <th scope="col">{t('dictionary.state')}</th>
              <th scope="col" />
            </tr>
          </thead>
          {groups.map((group) => (
            <Class key={group.key} group={group} open={searching || open.has(group.key)} fixed={searching} onToggle={() => toggle(group.key)} limits={limits} conditions={conditions} onEdit={setEditing} onRules={setRuling} />
          ))}
        </table>
      )}
      {editing && <CategoryForm category={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </section>
  )
}

interface ClassProps {
  group: Group
  open: boolean
  /** It stands open while something is sought. */
  fixed: boolean
  onToggle: () => void
  limits: ReadonlyMap<string, number>
  conditions: ReadonlyMap<string, number>
  onEdit: (category: Category) => void
  onRules: (category: Category) => void
}

function Class({ group, open, fixed, onToggle, limits, conditions, onEdit, onRules }: ClassProps) {
  const { t, locale } = useText()
  const nameOf = (each: Category) => nameIn(each, locale)
  return (
    <tbody>
      <tr className="dictionary-class" data-testid={`class-${group.kind}-${group.prefix}`}>
        <th colSpan={6} scope="rowgroup">
          <button type="button" className="dictionary-open" aria-expanded={open} disabled={fixed} onClick={onToggle}>
            <Icon name={open ? 'chevronDown' : 'chevronRight'} size="1em" />
            <span>{group.prefix}</span>
            <span>{classIn(group.class, locale)}</span>
            <span className="dictionary-count">
              {t(`dictionary.${group.kind}`)} · {group.retired ? t('dictionary.countRetired', { n: group.items.length, retired: group.retired }) : t('dictionary.count', { n: group.items.length })}
            </span>
          </button>
        </th>
      </tr>
      {open &&
        group.items.map((each) => (
          <tr key={each.id} data-testid={`category-${each.kind}-${each.code}`} data-disabled={each.retired || undefined}>
            <td>{each.code}</td>
            <th scope="row">
              {nameOf(each)}
              <div className="grid-details">{locale === 'en' ? each.name : each.name_en}</div>
            </th>
            <td>
              {each.severity ? (
                <span className="dictionary-severity">
                  <SeveritySign level={asSeverity(each.severity)} size="1.3em" />
                  {t(`severity.${each.severity}`)}
                </span>
              ) : (
                '–'
              )}
            </td>
            <td>
              <button type="button" className="grid-open" onClick={() => onRules(each)} aria-label={t('dictionary.rulesOf', { name: nameOf(each) })}>
                {t('dictionary.rulesCount', { limits: limits.get(each.code) ?? 0, conditions: conditions.get(each.code) ?? 0 })}
              </button>
            </td>
            <td>{t(each.retired ? 'dictionary.retired' : 'dictionary.offered')}</td>
            <td className="grid-action">
              <Button onPress={() => onEdit(each)} aria-label={t('dictionary.edit', { code: `${each.code} ${nameOf(each)}` })}>
                {t('dictionary.change')}
              </Button>
            </td>
          </tr>
        ))}
    </tbody>
  )
}
