import { admin } from '../actions/admin'
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
  const tabs = [
    { path: paths.users, label: 'admin.users', allowed: may(session, 'user.manage'), page: <UserList /> },
    { path: paths.roles, label: 'admin.roles', allowed: may(session, 'role.manage'), page: <RolesPage /> },
    { path: paths.roster, label: 'duty.roster', allowed: may(session, 'roster.manage'), page: <RosterPage /> },
    { path: paths.tokens, label: 'admin.tokens', allowed: may(session, 'token.manage'), page: <TokenList all={may(session, 'user.manage')} /> },
    { path: paths.geofences, label: 'admin.geofences', allowed: may(session, 'geofence.manage'), page: <GeofenceList /> },
    { path: paths.categories, label: 'admin.categories', allowed: may(session, 'rules.manage'), page: <CategoriesPage /> },
    { path: paths.alarmKinds, label: 'admin.alarmKinds', allowed: may(session, 'rules.manage'), page: <AlarmKindsPage /> },
    { path: paths.registered, label: 'admin.registered', allowed: may(session, 'camera.manage'), page: <RegisteredPage /> },
    { path: paths.eventSources, label: 'admin.eventSources', allowed: may(session, 'camera.manage'), page: <EventSourcesPage /> },
    { path: paths.devices, label: 'admin.devices', allowed: may(session, 'camera.manage'), page: <DevicesPage /> },
    { path: paths.rules, label: 'admin.rules', allowed: may(session, 'rules.manage'), page: <TimeRulesPage /> },
    { path: paths.plans, label: 'flow.manage', allowed: may(session, 'rules.manage'), page: <PlansPage /> },
    { path: paths.plots, label: 'admin.plots', allowed: may(session, 'rules.manage'), page: <PlotsPage /> },
    { path: paths.knowledge, label: 'knowledge.title', allowed: may(session, 'knowledge.manage'), page: <KnowledgeList /> },
    { path: paths.webhooks, label: 'admin.webhooks', allowed: may(session, 'webhook.manage'), page: <WebhookList /> },
    { path: paths.audit, label: 'admin.audit', allowed: may(session, 'audit.read'), page: <AuditList /> },
    { path: paths.reference, label: 'admin.reference', allowed: may(session, 'user.manage'), page: <ReferencePage /> },
  ].filter((tab) => tab.allowed)
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
      <div className="admin-page">{current.page}</div>
    </main>
  )
}
