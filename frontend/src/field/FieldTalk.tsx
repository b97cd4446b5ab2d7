import { lazy, Suspense, useState } from 'react'
import '../i18n/duty'
import { useText } from '../i18n'
import { Boundary } from '../ui/Boundary'
import { Button } from '../ui/Button'
import { Loading } from '../ui/State'

const Talk = lazy(() => import('../features/duty/Talk'))

/** The messages of a task's case: open, and folded away by one press. */
export function FieldTalk({ incident }: { incident: number }) {
  const { t } = useText()
  const [shown, setShown] = useState(true)
  return (
    <div className="card-talk" data-testid={`field-talk-${incident}`}>
      <Button small icon="list" onPress={() => setShown(!shown)} aria-expanded={shown}>
        {t('duty.messages')}
      </Button>
      {shown && (
        <Boundary>
          <Suspense fallback={<Loading text={t('app.loading')} />}>
            <Talk incident={incident} />
          </Suspense>
        </Boundary>
      )}
    </div>
  )
}
