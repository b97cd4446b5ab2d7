import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { myTasksQuery } from '../api/queries'
import { go, paths } from '../app/router'
import { fieldOnly, logOut, loseSession, onSessionResumed, useSession } from '../app/session'
import { useText } from '../i18n'
import '../i18n/field'
import { useStore } from '../lib/store'
import { ScreenSwitches } from '../login/LoginPage'
import { LiveClient } from '../live/client'
import { LiveContext } from '../live/hooks'
import { LiveStore } from '../live/store'
import { Button, IconButton } from '../ui/Button'
import { Mark } from '../ui/icons'
import { LampSign } from '../ui/LampSign'
import { notify } from '../ui/notices'
import { Empty, Loading } from '../ui/State'
import { forgetEverything, keepAnswers } from './kept'
import { LogOut } from './LogOut'
import { pending } from './outbox/items'
import { newVersion, startServiceWorker } from './serviceWorker'
import { later } from '../ui/later'
import { SharingBar } from './SharingBar'
import { TaskBoard } from './TaskBoard'
import { OutboxContext, useOpenOutbox } from './useOutbox'
import './field.css'

const PushSwitch = later(() => import('../features/push/PushSwitch'))

/** The phone page of a field unit: its tasks, and the next step of each as one large button. */
export default function FieldApp({ isUnit }: { isUnit: boolean }) {
  const { t } = useText()
  const session = useSession()
  const ready = useKept(isUnit)
  const live = useFieldCopy(isUnit && ready)
  const outbox = useOpenOutbox(session.user.id)
  const update = useStore(newVersion)
  const [leaving, setLeaving] = useState(0)
  const leave = async () => {
    await import('../features/push/browser').then(({ switchOff }) => switchOff()).catch(() => {}) // who comes next is not told of this person's tasks
    try {
      await forgetEverything()
    } catch (error) {
      console.error('not everything was forgotten:', error) // a browser that keeps nothing
    }
    await logOut().catch(() => location.assign('/field')) // without network: what was here is gone all the same
  }
  const askToLeave = () => {
    const unsent = outbox && outbox !== 'failed' ? outbox.items.get().filter(pending).length : 0
    if (unsent > 0) setLeaving(unsent)
    else void leave()
  }
  useEffect(() => {
    if (outbox === 'failed') notify('wrong', t('field.storeFailed'))
  }, [outbox, t])
  return (
    <LiveContext value={live}>
      <div className="field-page" data-testid="field">
        <header className="field-head">
          <div className="field-bar">
            <h1 className="field-name">
              <Mark size="1.5rem" />
              {t('field.title')}
            </h1>
            <LampSign />
          </div>
          <div className="field-bar">
            <span className="field-user truncate">{session.user.name}</span>
            <span className="field-tools">
              {!fieldOnly(session) && <IconButton icon="screen" label={t('session.openConsole')} onPress={() => go(paths.situation, null)} />}
              <ScreenSwitches />
              <IconButton icon="logout" label={t('session.logout')} onPress={askToLeave} data-testid="logout" />
            </span>
          </div>
        </header>
        <main className="field-main">
          {update && (
            <div className="field-update" role="status" data-testid="field-update">
              {t('field.update')}
              <Button small look="primary" onPress={update}>
                {t('field.updateNow')}
              </Button>
            </div>
          )}
          {isUnit ? (
            ready && outbox ? (
              <OutboxContext value={outbox === 'failed' ? null : outbox}>
                <SharingBar />
                <PushSwitch />
                <TaskBoard />
              </OutboxContext>
            ) : (
              <Loading text={t('field.loading')} />
            )
          ) : (
            <Empty icon="phone" title={t('field.notUnit')} detail={t('field.notUnitDetail')}>
              <Button onPress={() => go(paths.situation, null)}>{t('session.openConsole')}</Button>
            </Empty>
          )}
        </main>
        {leaving > 0 && <LogOut unsent={leaving} onLeave={() => void leave()} onStay={() => setLeaving(0)} />}
      </div>
    </LiveContext>
  )
}

/** Shows and keeps copies of answers; false until those of the last visit were read. */
function useKept(wanted: boolean): boolean {
  const session = useSession()
  const [ready, setReady] = useState(false)
  useEffect(() => {
    if (!wanted) return
    let over = false
    let stop = () => {}
    keepAnswers(session)
      .then((end) => (over ? end() : (stop = end)))
      .catch((error: unknown) => console.warn('nothing is kept on this phone:', error))
      .finally(() => !over && setReady(true))
    startServiceWorker()
    return () => {
      over = true
      stop()
    }
    // once for each person
  }, [wanted, session.user.id])
  return ready
}

/** A live copy of tasks and cases alone: what changes in them makes the phone ask for its tasks again. */
function useFieldCopy(wanted: boolean): LiveStore {
  const live = useMemo(() => new LiveStore(), [])
  const queries = useQueryClient()
  useEffect(() => {
    if (!wanted) return
    const client = new LiveClient({ live, onUnauthorized: loseSession })
    client.subscribe({ layer: 'task', geometry: false })
    client.subscribe({ layer: 'incident', geometry: true })
    client.start()
    const ask = () => void queries.invalidateQueries({ queryKey: myTasksQuery.queryKey })
    const stops = [
      live.layer('task').subscribe(ask),
      live.layer('incident').subscribe(ask),
      onSessionResumed(() => {
        client.stop()
        client.start()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
      client.stop()
    }
  }, [live, queries, wanted])
  return live
}
