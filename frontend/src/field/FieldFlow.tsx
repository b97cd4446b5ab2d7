import { lazy, Suspense } from 'react'
import { Boundary } from '../ui/Boundary'

const UnitFlow = lazy(() => import('../features/flow/UnitFlow'))

/** What a unit may ask in a task's case, what is demanded of it, and the steps of its plans. */
export function FieldFlow({ incident }: { incident: number }) {
  return (
    <Boundary>
      <Suspense>
        <UnitFlow incident={incident} />
      </Suspense>
    </Boundary>
  )
}
