import type { KeyboardEvent, ReactNode } from 'react'
import './choice.css'

const steps: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }

interface ChoiceProps<T extends string> {
  label: string
  all: readonly T[]
  chosen: T
  onChoose: (one: T) => void
  /** What stands on the button of each. */
  children: (one: T, at: number) => ReactNode
  disabled?: boolean
  /** Takes the whole width. */
  wide?: boolean
  testid: string
}

/** One of a few, side by side: a group of radio buttons that is one stop of the Tab key, walked by arrows. */
export function Choice<T extends string>({ label, all, chosen, onChoose, children, disabled, wide, testid }: ChoiceProps<T>) {
  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = steps[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return // Alt and an arrow go through the browser's pages
    event.preventDefault()
    event.stopPropagation() // arrows mean something to the page too
    const at = (all.indexOf(chosen) + step + all.length) % all.length
    onChoose(all[at]!)
    ;(event.currentTarget.children[at] as HTMLElement).focus()
  }
  return (
    <div className="choice" data-wide={wide || undefined} role="radiogroup" aria-label={label} onKeyDown={walk}>
      {all.map((one, at) => (
        <button key={one} type="button" role="radio" aria-checked={one === chosen} tabIndex={one === chosen ? 0 : -1} disabled={disabled} onClick={() => onChoose(one)} data-testid={`${testid}-${one}`}>
          {children(one, at)}
        </button>
      ))}
    </div>
  )
}
