import { useEffect, useState } from 'react'
import { asApiError } from '../api/error'
import { sessionStore } from '../app/session'
import { useText } from '../i18n'
import '../i18n/field'
import { Failure, Loading } from '../ui/State'
import { keptSession } from './kept'

/** The server was not reached: who used this phone last goes on with what is kept here. As soon as a request comes through, the server decides again. */
export default function FieldOffline({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useText()
  const [asked, setAsked] = useState(false)
  useEffect(() => {
    let current = true
    const away = ['network', 'unavailable', 'internal'].includes(asApiError(error).code)
    void (away ? keptSession().catch(() => null) : Promise.resolve(null)).then((session) => {
      if (!current) return
      if (session) sessionStore.set({ status: 'in', session })
      else setAsked(true)
    })
    return () => {
      current = false
    }
  }, [error])
  return asked ? <Failure error={error} title={t('field.needsLine')} onRetry={onRetry} /> : <Loading text={t('app.loading')} />
}
