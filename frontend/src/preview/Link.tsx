import type { ReactNode } from 'react'
import { go } from '../app/router'

/** A link within the program: opened without loading anew, and by middle click in another tab like any other. */
export function Link({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  return (
    <a
      href={to}
      className={className}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        go(to, null)
      }}
    >
      {children}
    </a>
  )
}
