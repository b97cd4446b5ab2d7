import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { unitsQuery, usersQuery } from '../api/queries'
import type { User } from '../api/types'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { UserForm } from './UserForm'

export function UserList() {
  const { t, locale } = useText()
  const users = useQuery(usersQuery)
  const units = useQuery(unitsQuery).data
  const areas = useAreas()
  const [editing, setEditing] = useState<User | 'new' | null>(null)
  const join = (words: string[]) => words.join(locale === 'zh' ? '、' : ', ') || '–'
  if (users.isPending) return <Loading text={t('app.loading')} />
  if (users.isError) return <Failure error={users.error} onRetry={() => void users.refetch()} />
  return (
    <section aria-labelledby="users-title">
      <header className="admin-head">
        <h2 id="users-title">{t('admin.users')}</h2>
        <Button look="primary" icon="plus" onPress={() => setEditing('new')} data-testid="new-user">
          {t('admin.newUser')}
        </Button>
      </header>
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
                <td>{join(user.roles.map((role) => t(`role.${role}`)))}</td>
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
