import { useState } from 'react'
import { useText } from '../i18n'
import { Button, IconButton, Key } from '../ui/Button'
import { Checks } from '../ui/Checks'
import { Choice } from '../ui/Choice'
import { FieldGroup, TextInput } from '../ui/Field'
import { Select } from '../ui/Select'

const nothing = () => {}

export function Texts() {
  const { t } = useText()
  return (
    <div className="reference-stack">
      {(['text', 'text-2', 'text-3'] as const).map((colour) =>
        (['xl', 'lg', 'md', 'sm', 'xs'] as const).map((size) => (
          <p key={colour + size} style={{ color: `var(--${colour})`, fontSize: `var(--text-${size})` }}>
            {t('reference.title')} 0123456789 · {size}
          </p>
        )),
      )}
      <p className="truncate">{t('reference.long')}</p>
    </div>
  )
}

export function Buttons() {
  const { t } = useText()
  const looks = ['primary', 'plain', 'quiet', 'danger'] as const
  return (
    <>
      {[false, true].map((disabled) => (
        <div key={String(disabled)} className="reference-row">
          {looks.map((look) => (
            <Button key={look} look={look} icon="check" isDisabled={disabled}>
              {t(`reference.${look}`)}
              {disabled && ` · ${t('reference.disabled')}`}
            </Button>
          ))}
        </div>
      ))}
      <div className="reference-row">
        <Button small>{t('reference.small')}</Button>
        <IconButton icon="layers" label={t('reference.plain')} />
        <IconButton icon="layers" label={t('reference.pressed')} pressed />
        <IconButton icon="layers" label={t('reference.disabled')} isDisabled />
        <Key>Ctrl K</Key>
        <Key>?</Key>
      </div>
      <div className="reference-narrow">
        <Button>{t('reference.long')}</Button>
      </div>
    </>
  )
}

export function Fields() {
  const { t } = useText()
  const [ticked, tick] = useState<string[]>(['one'])
  const [chosen, choose] = useState('one')
  const choices = [
    { id: 'one', text: t('reference.one') },
    { id: 'two', text: t('reference.two') },
    { id: 'long', text: t('reference.long') },
  ]
  return (
    <div className="reference-fields">
      <TextInput label={t('reference.empty')} placeholder={t('reference.hint')} hint={t('reference.hint')} />
      <TextInput label={t('reference.filled')} defaultValue={t('reference.long')} suffix={<IconButton icon="close" label={t('app.close')} />} />
      <TextInput label={t('reference.wrong')} defaultValue="330122" error={t('error.code.invalid')} />
      <TextInput label={t('reference.disabled')} defaultValue="330122" isDisabled />
      <TextInput label={t('reference.filled')} defaultValue={t('reference.long')} rows={3} />
      <FieldGroup label={t('reference.wrong')} error={t('error.code.conflict')} hint={t('reference.hint')}>
        <Checks label={t('reference.wrong')} value={ticked} choices={choices} onChange={tick} />
      </FieldGroup>
      {[false, true].map((disabled) => (
        <Choice key={String(disabled)} label={t('reference.filled')} all={['one', 'two', 'long'] as const} chosen={chosen as 'one'} onChoose={choose} disabled={disabled} testid={`choice-${disabled}`}>
          {(one) => t(`reference.${one}`)}
        </Choice>
      ))}
      <Select label={t('reference.filled')} value={chosen} choices={choices} onChange={choose} />
      <Select label={t('reference.filled')} hideLabel value="long" choices={choices} onChange={nothing} />
    </div>
  )
}
