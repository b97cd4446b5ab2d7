import type { ReactNode } from 'react'
import { Button, type Key, Label, ListBox, ListBoxItem, Popover, Select as AriaSelect, SelectValue } from 'react-aria-components'
import { Icon } from './icons'
import './field.css'

export interface Choice {
  id: string
  text: string
  sign?: ReactNode
}

/** One of a short list. */
export function Select({ label, hideLabel, choices, value, onChange, testid }: { label: string; hideLabel?: boolean; choices: Choice[]; value: string; onChange: (id: string) => void; testid?: string }) {
  return (
    <AriaSelect className="field" value={value} onChange={(key: Key | null) => key !== null && onChange(String(key))} aria-label={hideLabel ? label : undefined} data-testid={testid}>
      {!hideLabel && <Label className="field-label">{label}</Label>}
      <Button className="select-button">
        <SelectValue className="truncate" />
        <Icon name="chevronDown" size="1em" />
      </Button>
      <Popover className="popover" offset={4}>
        <ListBox items={choices}>
          {(choice) => (
            <ListBoxItem className="option" id={choice.id} textValue={choice.text}>
              {choice.sign}
              {choice.text}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}
