import { useEffect, useState } from 'react'
import { api, take } from '../api/client'
import { asApiError } from '../api/error'
import { changeSettings } from '../app/settings'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import './kiosk.css'

const RETRY_MS = 5000

/** The secret behind the #, which browsers send to no server; it does not stay in the address or the history. */
function takeSecret(): string {
  const secret = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  return secret
}
let secret: string | null = null

/** Opens the scene of a wall's kiosk token. A server that is away is asked again: after a power cut the wall may be up first. */
export default function KioskPage() {
  const { t } = useText()
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    changeSettings({ display: 'wall' }) // read from 8 metres, also when it says why nothing is shown
    secret ??= takeSecret()
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    const open = async () => {
      try {
        const { scene } = await take(api.POST('/api/session/kiosk', { body: { token: secret! } }))
        location.replace(scene ?? '/')
      } catch (failure) {
        if (over) return
        setError(failure)
        if (!isOver(failure)) timer = setTimeout(() => void open(), RETRY_MS)
      }
    }
    void open()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [])
  return (
    <main className="kiosk">
      {error === null ? (
        <Loading text={t('app.loading')} />
      ) : isOver(error) ? (
        <Empty icon="screen" title={t('kiosk.over')} detail={t('kiosk.overHint')}>
          <Button onPress={() => location.assign('/')}>{t('kiosk.logIn')}</Button>
        </Empty>
      ) : (
        <Failure error={error} />
      )}
    </main>
  )
}

/** Whether asking again is in vain. */
const isOver = (error: unknown) => ['unauthorized', 'invalid'].includes(asApiError(error).code)
