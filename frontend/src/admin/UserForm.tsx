import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Switch } from 'react-aria-components'
import { api, take } from '../api/client'
import { fieldText } from '../api/error'
import { rolesQuery, unitsQuery, usersQuery } from '../api/queries'
import type { User, UserInput } from '../api/types'
import { nameIn } from '../domain/names'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Checks } from '../ui/Checks'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { roleTitle } from './roles'

const fields = ['login', 'name', 'password', 'roles', 'areas', 'unit_id']

/** A new account, or a change of one. Open sessions of the account get the new rights at once. */
export function UserForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const tree = useAreas()
  const units = useQuery(unitsQuery).data ?? []
  const roles = useQuery(rolesQuery).data?.items ?? []
  const [input, setInput] = useState<UserInput>({
    login: user?.login ?? '',
    name: user?.name ?? '',
    password: '',
    roles: user?.roles ?? ['viewer'],
    areas: user?.areas ?? ['*'],
    unit_id: user?.unit_id,
    disabled: user?.disabled ?? false,
  })
  const set = (change: Partial<UserInput>) => setInput((now) => ({ ...now, ...change }))
  const save = useMutation({
    mutationFn: () => {
      const body: UserInput = { ...input, login: input.login.trim(), name: input.name.trim(), password: input.password || undefined }
      return user ? take(api.PUT('/api/users/{id}', { params: { path: { id: user.id } }, body })) : take(api.POST('/api/users', { body }))
    },
    onSuccess: (saved) => {
      notify('done', t('admin.saved', { login: saved.login }))
      void client.invalidateQueries({ queryKey: usersQuery.queryKey })
      onClose()
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  const free = tree.areas.filter((area) => area.level !== 'village' && !input.areas.includes(area.path))
  return (
    <FormDialog title={user ? t('admin.editUser', { login: user.login }) : t('admin.newUser')} testid="user-form" error={save.error} told={fields.some((field) => wrong(field))} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      <TextInput label={t('admin.login')} name="new-login" value={input.login} onChange={(login) => set({ login })} error={wrong('login')} maxLength={64} spellCheck="false" autoFocus={!user} />
      <TextInput label={t('admin.name')} name="new-name" value={input.name} onChange={(name) => set({ name })} error={wrong('name')} maxLength={64} />
      <TextInput label={t('admin.password')} name="new-password" type="password" autoComplete="new-password" value={input.password ?? ''} onChange={(password) => set({ password })} hint={user ? t('admin.passwordKeep') : undefined} error={wrong('password')} maxLength={200} />
      <FieldGroup label={t('admin.roles')} error={wrong('roles')}>
        <Checks label={t('admin.roles')} value={input.roles} onChange={(roles) => set({ roles })} choices={roles.map((role) => ({ id: role.name, text: roleTitle(role, locale) }))} />
      </FieldGroup>
      <FieldGroup label={t('admin.areas')} error={wrong('areas')}>
        <ul className="areas">
          {input.areas.map((path) => {
            const name = path === '*' ? t('admin.everywhere') : tree.place(path, locale) || path
            return (
              <li key={path}>
                <button type="button" className="chip area-chip" aria-label={t('admin.removeArea', { area: name })} onClick={() => set({ areas: input.areas.filter((each) => each !== path) })}>
                  {name}
                  <Icon name="close" size="0.9em" />
                </button>
              </li>
            )
          })}
        </ul>
        <Select
          label={t('admin.addArea')}
          hideLabel
          value=""
          choices={[{ id: '', text: t('admin.addArea') }, ...(input.areas.includes('*') ? [] : [{ id: '*', text: t('admin.everywhere') }]), ...free.map((area) => ({ id: area.path, text: nameIn(area, locale) }))]}
          onChange={(path) => path && set({ areas: path === '*' ? ['*'] : [...input.areas.filter((each) => each !== '*'), path] })}
        />
      </FieldGroup>
      {roles.some((role) => input.roles.includes(role.name) && role.actions.includes('task.work')) && (
        <FieldGroup label={t('admin.unit')} error={wrong('unit_id')}>
          <Select
            label={t('admin.unit')}
            hideLabel
            value={String(input.unit_id ?? '')}
            choices={[{ id: '', text: t('admin.noUnit') }, ...units.map((unit) => ({ id: String(unit.id), text: unit.name }))]}
            onChange={(id) => set({ unit_id: id ? Number(id) : undefined })}
          />
        </FieldGroup>
      )}
      <Switch className="switch" isSelected={!input.disabled} onChange={(active) => set({ disabled: !active })}>
        <span className="switch-track" aria-hidden="true" />
        {t(input.disabled ? 'admin.disabled' : 'admin.active')}
      </Switch>
    </FormDialog>
  )
}
