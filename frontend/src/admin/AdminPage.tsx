import { admin } from '../actions/admin'
import { go, paths, usePlace } from '../app/router'
import { may, useSession } from '../app/session'
import { useText } from '../i18n'
import { Empty } from '../ui/State'
import { AuditList } from './AuditList'
import { UserList } from './UserList'
import './admin.css'

/** Accounts and the audit log. */
export default function AdminPage() {
  const { t } = useText()
  const session = useSession()
  const { path } = usePlace()
  if (!may(session, 'user.manage')) {
    return (
      <main className="admin">
        <Empty icon={admin.icon} title={t('admin.notAllowed')} />
      </main>
    )
  }
  const onAudit = path === paths.audit
  const tab = (to: string, label: string, current: boolean) => (
    <button type="button" className="view" aria-current={current ? 'page' : undefined} onClick={() => go(to, null)}>
      {t(label)}
    </button>
  )
  return (
    <main className="admin">
      <nav className="admin-tabs" aria-label={t('admin.title')}>
        {tab(paths.users, 'admin.users', !onAudit)}
        {may(session, 'audit.read') && tab(paths.audit, 'admin.audit', onAudit)}
      </nav>
      <div className="admin-page">{onAudit ? <AuditList /> : <UserList />}</div>
    </main>
  )
}
