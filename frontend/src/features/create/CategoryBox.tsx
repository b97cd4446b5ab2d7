import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { Button, ComboBox, FieldError, Input, Label, ListBox, ListBoxItem, Popover } from 'react-aria-components'
import { categoriesQuery } from '../../api/queries'
import { classIn } from '../../domain/categoryClasses'
import { nameIn } from '../../domain/names'
import { useText } from '../../i18n'
import { Icon } from '../../ui/icons'
import { findCategories } from './findCategories'
import '../../ui/field.css'

/** The dictionary, found by name in either language or by code. */
export function CategoryBox({ value, onChange, error }: { value: string | null; onChange: (code: string | null) => void; error?: string }) {
  const { t, locale } = useText()
  const [text, setText] = useState('')
  const { data } = useQuery({ ...categoriesQuery, refetchInterval: 60_000 }) // a form may stand open for long
  const found = useMemo(() => findCategories(data ?? [], text, value), [data, text, value])
  const nameOf = (category: { name: string; name_en?: string }) => nameIn(category, locale)
  const held = text === '' ? data?.find((category) => category.code === value) : undefined
  useEffect(() => {
    if (held) setText(nameOf(held))
    // once, for the value that the form begins with
  }, [held?.code])
  function choose(category: { code: string; name: string; name_en?: string } | undefined) {
    onChange(category?.code ?? null)
    if (category) setText(nameOf(category))
  }

  return (
    <ComboBox
      className="field"
      inputValue={text}
      onInputChange={setText}
      value={value}
      onChange={(key) => choose(data?.find((category) => category.code === key))}
      items={found}
      defaultFilter={() => true}
      allowsEmptyCollection
      menuTrigger="focus"
      isInvalid={!!error}
      isRequired
      validationBehavior="aria"
      data-testid="category"
    >
      <Label className="field-label">{t('create.category')}</Label>
      <div className="field-box">
        <Input
          className="field-input"
          placeholder={t('create.categoryPlaceholder')}
          name="category"
          onKeyDown={(event) => {
            // Enter takes the best, without an arrow before it
            if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing || event.currentTarget.getAttribute('aria-activedescendant')) return
            if (!text.trim() || !found[0] || found[0].code === value) return
            event.preventDefault()
            choose(found[0])
          }}
        />
        <Button className="icon-button">
          <Icon name="chevronDown" size="1em" />
        </Button>
      </div>
      <FieldError className="field-error">{error}</FieldError>
      <Popover className="popover category-list" offset={4}>
        <ListBox<(typeof found)[number]> renderEmptyState={() => <div className="option-empty">{t('create.categoryNone')}</div>}>
          {(category) => (
            <ListBoxItem id={category.code} className="option" textValue={nameOf(category)}>
              <span className="truncate">{nameOf(category)}</span>
              <span className="option-detail">
                {classIn(category.class, locale)} {category.code}
              </span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  )
}
