import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { asApiError } from '../api/error'
import { catalogQuery } from '../api/queries'
import type { Catalog } from '../api/types'
import { useActionContext, useShortcuts } from '../actions/useActions'
import { paths, usePlace } from '../app/router'
import { leaveReplay } from '../app/replay'
import { loseSession, may, onSessionResumed, renewSession, sessionStore } from '../app/session'
import { ReplayFrame } from '../features/timeline/ReplayFrame'
import { TimeBar } from '../features/timeline/TimeBar'
import { TopBar } from '../features/topbar/TopBar'
import { useText } from '../i18n'
import { LiveClient, subscriptionsFor } from '../live/client'
import { LiveContext } from '../live/hooks'
import { replayAddress, replayHead, replayId, replaying, replayParam, wallReplay } from '../live/replay'
import { LiveStore } from '../live/store'
import { Boundary } from '../ui/Boundary'
import { later, loadAhead } from '../ui/later'
import { Failure, Loading } from '../ui/State'
import { Situation } from './Situation'
import './console.css'

const AlarmStrip = later(() => import('../features/alarm/AlarmStrip'))
const Help = later(() => import('../features/help/Help'))
const KnowledgePanel = later(() => import('../features/knowledge/KnowledgePanel'))
const Tour = later(() => import('../features/tour/Tour'))
const Palette = later(() => import('../features/palette/Palette'))
const PrintDialog = later(() => import('../print/PrintDialog'))
const Inbox = later(() => import('../features/reports/Inbox'))
const Supervision = lazy(() => import('../features/supervision/Supervision'))
const Statistics = lazy(() => import('../features/statistics/Statistics'))
const AdminPage = lazy(() => import('../admin/AdminPage'))
const VideoWall = lazy(() => import('../video/VideoWall'))
const RepairBoard = lazy(() => import('../features/repair/RepairBoard'))

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
  // Who opens the palette types on at once: it is there before the first key.
  useEffect(() => loadAhead([Palette]), [])
  return (
    <LiveContext value={live}>
      <div className="console" data-testid="console">
        <div className="console-head">
          {path !== paths.video && <TopBar catalog={catalog} context={context} />}
          <AlarmStrip />
        </div>
        {path.startsWith('/admin') || path === paths.supervision || path === paths.statistics || path === paths.repair || path === paths.video ? (
          <Boundary>
            <Suspense fallback={<Loading text={t('app.loading')} />}>
              {path === paths.video ? <VideoWall /> : path === paths.supervision ? <Supervision /> : path === paths.statistics ? <Statistics catalog={catalog} /> : path === paths.repair ? <RepairBoard /> : <AdminPage />}
            </Suspense>
          </Boundary>
        ) : (
          <Situation catalog={catalog} context={context} />
        )}
        {path !== paths.video && <TimeBar context={context} />}
      </div>
      {context.bench.help && <Help />}
      {context.bench.reports && <Inbox />}
      {context.bench.knowledge && <KnowledgePanel />}
      {context.bench.palette && <Palette />}
      {context.bench.print && context.map && <PrintDialog catalog={catalog} map={context.map} />}
      {context.bench.tour && <Tour />}
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
      onRights: () => void renewSession(),
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
    let undrag = () => {}
    let over = false
    const state = sessionStore.get()
    if (state.status === 'in' && may(state.session, 'task.dispatch')) void import('../features/drag/drag').then(({ installDrag }) => over || (undrag = installDrag(live)))
    if (!replaying) void import('../features/fences/tell').then(({ tellFences }) => over || (untell = tellFences(live)))
    return () => {
      over = true
      untell()
      undrag()
      resumed()
      client.stop()
    }
  }, [live, catalog])
  return live
}
