import type { ReactNode } from 'react'
import { FieldError, Input, Label, TextArea, TextField, type TextFieldProps } from 'react-aria-components'
import './field.css'

interface TextInputProps extends Omit<TextFieldProps, 'children' | 'className'> {
  label: string
  error?: string
  hint?: ReactNode
  placeholder?: string
  rows?: number
  /** A button inside the field's right end. */
  suffix?: ReactNode
}

/** A labelled line or, with `rows`, an area of text, with the server's objection under it. */
export function TextInput({ label, error, hint, placeholder, rows, suffix, ...rest }: TextInputProps) {
  return (
    <TextField {...rest} isInvalid={!!error} className="field" validationBehavior="aria">
      <Label className="field-label">{label}</Label>
      <div className="field-box">
        {rows ? <TextArea className="field-input" rows={rows} placeholder={placeholder} /> : <Input className="field-input" placeholder={placeholder} />}
        {suffix}
      </div>
      {hint && <div className="field-hint">{hint}</div>}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  )
}

/** A label over anything that is not a text field. */
export function FieldGroup({ label, error, hint, children }: { label: ReactNode; error?: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <div className="field">
      <div className="field-label">{label}</div>
      {children}
      {hint && <div className="field-hint">{hint}</div>}
      {error && (
        <div className="field-error" role="alert">
          {error}
        </div>
      )}
    </div>
  )
}
