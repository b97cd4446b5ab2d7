import { type ComponentType, Suspense, lazy } from 'react'

/** A part that is loaded when it is shown first; until then there is nothing in its place, and what is around it stays. */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): ComponentType<Props> {
  const Part = lazy(load) as unknown as ComponentType<Props>
  return function Later(props) {
    return (
      <Suspense>
        <Part {...props} />
      </Suspense>
    )
  }
}
