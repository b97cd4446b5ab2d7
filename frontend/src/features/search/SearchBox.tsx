import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ComboBox, Header, Input, ListBox, ListBoxItem, ListBoxSection, Popover } from 'react-aria-components'
import { errorText } from '../../api/error'
import { searchQuery } from '../../api/queries'
import { nameIn } from '../../domain/names'
import { useText } from '../../i18n'
import { useResting } from '../../lib/useResting'
import { Key } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { goTo, hitIcons } from './go'
import { groupHits, hitDetail } from './groups'

/** One box for everything that has a name or a place. Choosing flies there and, where it is a thing, selects it. */
export default function SearchBox() {
  const { t, has, locale } = useText()
  const [text, setText] = useState('')
  const q = useResting(text.trim(), 160)
  const found = useQuery({ ...searchQuery(q), placeholderData: keepPreviousData })
  const hits = q ? (found.data ?? []) : []
  const groups = groupHits(hits)

  function choose(key: string) {
    const hit = hits[Number(key)]
    if (!hit) return
    setText(nameIn(hit, locale))
    goTo(hit)
    requestAnimationFrame(() => (document.activeElement as HTMLElement | null)?.blur()) // shortcuts work again
  }

  const nothing = !q ? '' : found.isError ? errorText(found.error, t, has) : found.isFetching || q !== text.trim() ? t('search.searching') : t('search.none', { q })

  return (
    <ComboBox
      aria-label={t('search.label')}
      inputValue={text}
      onInputChange={setText}
      value={null}
      onChange={(key) => key !== null && choose(String(key))}
      items={groups}
      allowsCustomValue
      allowsEmptyCollection={text.trim() !== ''} // at once: the list opens with the key press or not at all
      defaultFilter={() => true}
      menuTrigger="input"
      data-testid="search"
    >
      <div className="search-box">
        <Icon name="search" size="1.1em" />
        <Input
          className="search-input"
          placeholder={t('search.placeholder')}
          spellCheck={false}
          maxLength={100}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur()
          }}
        />
        <Key>/</Key>
      </div>
      <Popover className="popover search-results" offset={4}>
        <ListBox<(typeof groups)[number]> aria-label={t('search.results')} renderEmptyState={() => <div className="option-empty">{nothing}</div>}>
          {(group) => (
            <ListBoxSection id={group.kind}>
              <Header className="search-kind">{t(`search.kind.${group.kind}`)}</Header>
              {group.hits.map(({ hit, index }) => (
                <ListBoxItem key={index} id={String(index)} className="option" textValue={nameIn(hit, locale)}>
                  <Icon name={hitIcons[hit.kind]} size="1.1em" />
                  <span className="truncate">{nameIn(hit, locale)}</span>
                  {hit.detail && <span className="option-detail truncate">{hit.state && has(`state.incident.${hit.state}`) ? `${hit.detail} · ${t(`state.incident.${hit.state}` as 'state.incident.closed')}` : hitDetail(hit, locale)}</span>}
                </ListBoxItem>
              ))}
            </ListBoxSection>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  )
}
