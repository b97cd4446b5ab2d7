import { type ComponentType, Suspense, lazy, memo } from 'react'

/** A part of a page that is loaded by itself. */
export interface Loadable {
  load: () => Promise<unknown>
}

/** A part that is loaded when it is shown first; until then there is nothing in its place, and what is around it stays. It is drawn again just when its own props change. */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): ComponentType<Props> & Loadable {
  const Part = lazy(load) as unknown as ComponentType<Props>
  const Later = memo(function Later(props: Props) {
    return (
      <Suspense>
        <Part {...props} />
      </Suspense>
    )
  }) as unknown as ComponentType<Props>
  return Object.assign(Later, { load })
}

/** Loads parts while there is nothing else to do, so that who wants one does not wait. What cannot be had now is asked for again when it is shown. */
export function loadAhead(parts: readonly Loadable[]): void {
  requestIdleCallback(() => parts.forEach((part) => void part.load().catch(() => undefined)), { timeout: 5_000 })
}
