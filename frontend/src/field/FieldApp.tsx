import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { myTasksQuery } from '../api/queries'
import { go, paths } from '../app/router'
import { fieldOnly, logOut, loseSession, onSessionResumed, useSession } from '../app/session'
import { useText } from '../i18n'
import { ScreenSwitches } from '../login/LoginPage'
import { LiveClient } from '../live/client'
import { LiveContext } from '../live/hooks'
import { LiveStore } from '../live/store'
import { Button, IconButton } from '../ui/Button'
import { Mark } from '../ui/icons'
import { LampSign } from '../ui/LampSign'
import { Empty } from '../ui/State'
import { TaskBoard } from './TaskBoard'
import './field.css'

/** The phone page of a field unit: its tasks, and the next step of each as one large button. */
export default function FieldApp({ isUnit }: { isUnit: boolean }) {
  const { t } = useText()
  const session = useSession()
  const live = useFieldCopy(isUnit)
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
              <IconButton icon="logout" label={t('session.logout')} onPress={() => void logOut()} data-testid="logout" />
            </span>
          </div>
        </header>
        <main className="field-main">
          {isUnit ? (
            <TaskBoard />
          ) : (
            <Empty icon="phone" title={t('field.notUnit')} detail={t('field.notUnitDetail')}>
              <Button onPress={() => go(paths.situation, null)}>{t('session.openConsole')}</Button>
            </Empty>
          )}
        </main>
      </div>
    </LiveContext>
  )
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
