import type { ReactNode } from 'react'
import { admin } from '../actions/admin'
import { adminPages } from '../app/adminPages'
import { go, paths, usePlace } from '../app/router'
import { may, useSession } from '../app/session'
import { useText } from '../i18n'
import { later } from '../ui/later'
import { Empty } from '../ui/State'
import '../i18n/admin'
import '../i18n/duty'
import '../i18n/flow'
import { AuditList } from './AuditList'
import { GeofenceList } from './GeofenceList'
import { TimeRulesPage } from './TimeRulesPage'
import { KnowledgeList } from './KnowledgeList'
import { TokenList } from './TokenList'
import { UserList } from './UserList'
import { WebhookList } from './WebhookList'
import './admin.css'

const AlarmKindsPage = later(() => import('./AlarmKindsPage'))
const DevicesPage = later(() => import('./DevicesPage'))
const EventSourcesPage = later(() => import('./EventSourcesPage'))
const CategoriesPage = later(() => import('./CategoriesPage'))
const RegisteredPage = later(() => import('./RegisteredPage'))
const PlansPage = later(() => import('./PlansPage'))
const PlotsPage = later(() => import('./PlotsPage'))
const RolesPage = later(() => import('./RolesPage'))
const ReferencePage = later(() => import('../reference/ReferencePage'))
const RosterPage = later(() => import('./RosterPage'))

/** Accounts, the roster, tokens, geofences, the dictionary, the knowledge base, webhooks and the audit log: of each what the role may see. */
export default function AdminPage() {
  const { t } = useText()
  const session = useSession()
  const { path } = usePlace()
  const content: Record<(typeof adminPages)[number]['path'], ReactNode> = {
    [paths.users]: <UserList />,
    [paths.roles]: <RolesPage />,
    [paths.roster]: <RosterPage />,
    [paths.tokens]: <TokenList all={may(session, 'user.manage')} />,
    [paths.geofences]: <GeofenceList />,
    [paths.categories]: <CategoriesPage />,
    [paths.alarmKinds]: <AlarmKindsPage />,
    [paths.registered]: <RegisteredPage />,
    [paths.eventSources]: <EventSourcesPage />,
    [paths.devices]: <DevicesPage />,
    [paths.rules]: <TimeRulesPage />,
    [paths.plans]: <PlansPage />,
    [paths.plots]: <PlotsPage />,
    [paths.knowledge]: <KnowledgeList />,
    [paths.webhooks]: <WebhookList />,
    [paths.audit]: <AuditList />,
    [paths.reference]: <ReferencePage />,
  }
  const tabs = adminPages.filter(({ allowed }) => allowed(session))
  const current = tabs.find((tab) => tab.path === path)
  if (!current) {
    return (
      <main className="admin">
        <Empty icon={admin.icon} title={t('admin.notAllowed')} />
      </main>
    )
  }
  return (
    <main className="admin">
      <nav className="admin-tabs" aria-label={t('admin.title')}>
        {tabs.map((tab) => (
          <button key={tab.path} type="button" className="view" aria-current={tab === current ? 'page' : undefined} onClick={() => go(tab.path, null)}>
            {t(tab.label)}
          </button>
        ))}
      </nav>
      <div className="admin-page">{content[current.path]}</div>
    </main>
  )
}
