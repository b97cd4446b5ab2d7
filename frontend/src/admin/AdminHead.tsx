import type { ReactNode } from 'react'
import { Button } from '../ui/Button'

interface AdminHeadProps {
  /** What the section is labelled by. */
  id: string
  title: ReactNode
  /** What the page is for, and what a change does. */
  hint?: ReactNode
  /** What can be done with all of it, at the right. */
  children?: ReactNode
}

/** The head of a page of the administration. */
export function AdminHead({ id, title, hint, children }: AdminHeadProps) {
  return (
    <header className="admin-head">
      <div>
        <h2 id={id}>{title}</h2>
        {hint && <p className="admin-hint">{hint}</p>}
      </div>
      {children}
    </header>
  )
}

/** The button of the head that makes one more. */
export function NewButton({ testid, text, onPress }: { testid: string; text: string; onPress: () => void }) {
  return (
    <Button look="primary" icon="plus" onPress={onPress} data-testid={testid}>
      {text}
    </Button>
  )
}
