import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { catalogQuery } from '../api/queries'
import type { Catalog } from '../api/types'
import { useActionContext, useShortcuts } from '../actions/useActions'
import { usePlace } from '../app/router'
import { loseSession, onSessionResumed } from '../app/session'
import { Help } from '../features/help/Help'
import { TopBar } from '../features/topbar/TopBar'
import { useText } from '../i18n'
import { LiveClient, subscriptionsFor } from '../live/client'
import { LiveContext } from '../live/hooks'
import { LiveStore } from '../live/store'
import { Boundary } from '../ui/Boundary'
import { Failure, Loading } from '../ui/State'
import { Situation } from './Situation'
import './console.css'

const AdminPage = lazy(() => import('../admin/AdminPage'))

/** The duty officer's desk: asks for the catalogue, then keeps a live copy of its layers for everything below. */
export default function ConsoleApp() {
  const { t } = useText()
  const catalog = useQuery(catalogQuery)
  if (catalog.isPending) return <Loading text={t('app.loading')} />
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
      </div>
      <Help context={context} />
    </LiveContext>
  )
}

/** The live copy for as long as the console is open. After a lost session it goes on when the person is back. */
function useLiveCopy(catalog: Catalog): LiveStore {
  const live = useMemo(() => new LiveStore(), [])
  useEffect(() => {
    const client = new LiveClient({ live, onUnauthorized: loseSession })
    for (const subscription of subscriptionsFor(catalog)) client.subscribe(subscription)
    client.start()
    const resumed = onSessionResumed(() => {
      client.stop()
      client.start()
    })
    return () => {
      resumed()
      client.stop()
    }
  }, [live, catalog])
  return live
}
