import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { rolesQuery } from '../api/queries'
import type { RoleInfo } from '../api/types'
import { useText } from '../i18n'
import '../i18n/roles'
import { Icon } from '../ui/icons'
import { Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { RoleForm } from './RoleForm'
import { changes, grouped, roleTitle } from './roles'
import './roles.css'

/** Who may do what: a column a role, a row an action. A role is changed by its name at the top. */
export default function RolesPage() {
  const { t, locale } = useText()
  const roles = useQuery({ ...rolesQuery, staleTime: 0 })
  const [editing, setEditing] = useState<RoleInfo | 'new' | null>(null)
  if (roles.isPending) return <Loading text={t('app.loading')} />
  if (roles.isError) return <Failure error={roles.error} onRetry={() => void roles.refetch()} />
  const { items, actions } = roles.data
  return (
    <section aria-labelledby="roles-title">
      <AdminHead id="roles-title" title={t('admin.roles')} hint={t('roles.hint')}>
        <NewButton testid="new-role" text={t('roles.new')} onPress={() => setEditing('new')} />
      </AdminHead>
      <div className="roles-scroll">
        <table className="grid roles">
          <thead>
            <tr>
              <th scope="col">{t('roles.action')}</th>
              {items.map((role) => (
                <th key={role.name} scope="col" data-testid={`role-${role.name}`}>
                  <button type="button" className="grid-open" onClick={() => setEditing(role)}>
                    {roleTitle(role, locale)}
                  </button>
                  <div className="grid-details">{t('roles.users', { n: role.users })}</div>
                  <RoleKind role={role} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {grouped(actions).map((group) => (
              <Fragment key={group.name}>
                <tr className="roles-group">
                  <th scope="rowgroup" colSpan={items.length + 1}>
                    {t(`roleGroup.${group.name}`)}
                  </th>
                </tr>
                {group.actions.map((action) => (
                  <tr key={action}>
                    <th scope="row">{t(`roleAction.${action.replace('.', '_')}`, { defaultValue: action })}</th>
                    {items.map((role) => (
                      <Cell key={role.name} role={role} action={action} />
                    ))}
                  </tr>
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {editing && <RoleForm role={editing === 'new' ? null : editing} actions={actions} onClose={() => setEditing(null)} />}
    </section>
  )
}

function RoleKind({ role }: { role: RoleInfo }) {
  const { t } = useText()
  const { given, taken } = changes(role)
  const n = given.length + taken.length
  if (!role.delivered) return <div className="grid-details">{t('roles.own')}</div>
  return n > 0 ? <div className="grid-details">{t('roles.changed', { n })}</div> : null
}

function Cell({ role, action }: { role: RoleInfo; action: string }) {
  const { t } = useText()
  const allowed = role.actions.includes(action)
  const { given, taken } = changes(role)
  const mark = given.includes(action) ? t('roles.given') : taken.includes(action) ? t('roles.taken') : ''
  return (
    <td data-allowed={allowed || undefined}>
      {allowed ? <Icon name="check" size="1.1em" /> : <span aria-hidden="true">–</span>}
      <span className="visually-hidden">{t(allowed ? 'roles.allowed' : 'roles.refused')}</span>
      {mark && <span className="roles-mark">{mark}</span>}
    </td>
  )
}
