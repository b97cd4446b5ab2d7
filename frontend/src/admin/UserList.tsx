import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { rolesQuery, unitsQuery, usersQuery } from '../api/queries'
import type { User } from '../api/types'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { listed } from '../lib/format'
import { Empty, Failure, Loading } from '../ui/State'
import { roleTitle } from './roles'
import { AdminHead, NewButton } from './AdminHead'
import { UserForm } from './UserForm'

export function UserList() {
  const { t, locale } = useText()
  const users = useQuery(usersQuery)
  const units = useQuery(unitsQuery).data
  const roles = useQuery(rolesQuery).data?.items ?? []
  const titleOf = (name: string) => roleTitle(roles.find((role) => role.name === name) ?? { name, title: name, title_en: name }, locale)
  const areas = useAreas()
  const [editing, setEditing] = useState<User | 'new' | null>(null)
  const join = (words: string[]) => listed(words, locale) || '–'
  if (users.isPending) return <Loading text={t('app.loading')} />
  if (users.isError) return <Failure error={users.error} onRetry={() => void users.refetch()} />
  return (
    <section aria-labelledby="users-title">
      <AdminHead id="users-title" title={t('admin.users')}>
        <NewButton testid="new-user" text={t('admin.newUser')} onPress={() => setEditing('new')} />
      </AdminHead>
      {users.data.length === 0 ? (
        <Empty icon="people" title={t('admin.usersEmpty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('admin.login')}</th>
              <th scope="col">{t('admin.name')}</th>
              <th scope="col">{t('admin.roles')}</th>
              <th scope="col">{t('admin.areas')}</th>
              <th scope="col">{t('admin.unit')}</th>
              <th scope="col">{t('admin.status')}</th>
            </tr>
          </thead>
          <tbody>
            {users.data.map((user) => (
              <tr key={user.id} data-testid={`user-${user.login}`} data-disabled={user.disabled || undefined}>
                <th scope="row">
                  <button type="button" className="grid-open" onClick={() => setEditing(user)}>
                    {user.login}
                  </button>
                </th>
                <td>{user.name}</td>
                <td>{join(user.roles.map(titleOf))}</td>
                <td>{join(user.areas.map((path) => (path === '*' ? t('admin.everywhere') : areas.place(path, locale) || path)))}</td>
                <td>{units?.find((unit) => unit.id === user.unit_id)?.name ?? '–'}</td>
                <td>{t(user.disabled ? 'admin.disabled' : 'admin.active')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing && <UserForm user={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </section>
  )
}
