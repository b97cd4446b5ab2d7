import { type ComponentType, Suspense, lazy, memo } from 'react'

/** A part that is loaded when it is shown first; until then there is nothing in its place, and what is around it stays. It is drawn again just when its own props change. */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): ComponentType<Props> {
  const Part = lazy(load) as unknown as ComponentType<Props>
  return memo(function Later(props: Props) {
    return (
      <Suspense>
        <Part {...props} />
      </Suspense>
    )
  }) as unknown as ComponentType<Props>
}
