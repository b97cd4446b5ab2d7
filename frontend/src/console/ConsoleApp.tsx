import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { asApiError } from '../api/error'
import { catalogQuery } from '../api/queries'
import type { Catalog } from '../api/types'
import { useActionContext, useShortcuts } from '../actions/useActions'
import { usePlace } from '../app/router'
import { leaveReplay } from '../app/replay'
import { loseSession, onSessionResumed, sessionStore } from '../app/session'
import { ReplayFrame } from '../features/timeline/ReplayFrame'
import { TimeBar } from '../features/timeline/TimeBar'
import { TopBar } from '../features/topbar/TopBar'
import { useText } from '../i18n'
import { LiveClient, subscriptionsFor } from '../live/client'
import { LiveContext } from '../live/hooks'
import { replayAddress, replayHead, replayId, replaying, replayParam, wallReplay } from '../live/replay'
import { LiveStore } from '../live/store'
import { Boundary } from '../ui/Boundary'
import { later } from '../ui/later'
import { Failure, Loading } from '../ui/State'
import { Situation } from './Situation'
import './console.css'

const Help = later(() => import('../features/help/Help'))
const KnowledgePanel = later(() => import('../features/knowledge/KnowledgePanel'))
const Inbox = later(() => import('../features/reports/Inbox'))
const AdminPage = lazy(() => import('../admin/AdminPage'))

/** The duty officer's desk: asks for the catalogue, then keeps a live copy of its layers for everything below. */
export default function ConsoleApp() {
  const { t } = useText()
  const catalog = useQuery(catalogQuery)
  if (catalog.isPending) return <Loading text={t('app.loading')} />
  if (catalog.isError && replaying && asApiError(catalog.error).code === 'not_found') {
    leaveReplay() // an old link: the replay is over, the present is not
    return <Loading text={t('app.loading')} />
  }
  if (catalog.isError) return <Failure error={catalog.error} onRetry={() => void catalog.refetch()} />
  return <Desk catalog={catalog.data} />
}

function Desk({ catalog }: { catalog: Catalog }) {
  const { t } = useText()
  const live = useLiveCopy(catalog)
  const context = useActionContext()
  const { path } = usePlace()
  useShortcuts(context)
  return (
    <LiveContext value={live}>
      <div className="console" data-testid="console">
        <TopBar catalog={catalog} context={context} />
        {path.startsWith('/admin') ? (
          <Boundary>
            <Suspense fallback={<Loading text={t('app.loading')} />}>
              <AdminPage />
            </Suspense>
          </Boundary>
        ) : (
          <Situation catalog={catalog} context={context} />
        )}
        <TimeBar context={context} />
      </div>
      {context.bench.help && <Help />}
      {context.bench.reports && <Inbox />}
      {context.bench.knowledge && <KnowledgePanel />}
      <ReplayFrame />
    </LiveContext>
  )
}

/** A wall shows what it is told to: whoever goes through the past on all walls at once. */
function onWalls(id: string | null): void {
  wallReplay.set(id)
  const state = sessionStore.get()
  if (state.status === 'in' && state.session.scene && id !== replayId) location.replace(replayAddress(id))
}

/** The live copy for as long as the console is open. After a lost session it goes on when the person is back. */
function useLiveCopy(catalog: Catalog): LiveStore {
  const live = useMemo(() => new LiveStore(), [])
  useEffect(() => {
    const client = new LiveClient({
      live,
      onUnauthorized: loseSession,
      onWalls,
      ...(replayId !== null && { url: `${location.origin.replace(/^http/, 'ws')}/live?${replayParam}=${replayId}`, onReplay: replayHead.set, onReplayOver: leaveReplay }),
    })
    for (const subscription of subscriptionsFor(catalog)) client.subscribe(subscription)
    client.start()
    const resumed = onSessionResumed(() => {
      client.stop()
      client.start()
    })
    let untell = () => {}
    let over = false
    if (!replaying) void import('../features/fences/tell').then(({ tellFences }) => over || (untell = tellFences(live)))
    return () => {
      over = true
      untell()
      resumed()
      client.stop()
    }
  }, [live, catalog])
  return live
}
