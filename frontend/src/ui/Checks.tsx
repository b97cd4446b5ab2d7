import { Checkbox, CheckboxGroup } from 'react-aria-components'
import { Icon } from './icons'
import './checks.css'

/** Boxes of which any number may be ticked. */
export function Checks<T extends string>({ label, value, choices, onChange }: { label: string; value: readonly T[]; choices: readonly { id: T; text: string }[]; onChange: (value: T[]) => void }) {
  return (
    <CheckboxGroup className="checks" aria-label={label} value={[...value]} onChange={(ids) => onChange(ids as T[])}>
      {choices.map(({ id, text }) => (
        <Checkbox key={id} value={id} className="check">
          <span className="check-box" aria-hidden="true">
            <Icon name="check" size="0.9em" />
          </span>
          {text}
        </Checkbox>
      ))}
    </CheckboxGroup>
  )
}
