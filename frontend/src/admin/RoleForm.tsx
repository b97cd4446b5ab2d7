import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { rolesQuery } from '../api/queries'
import type { RoleInfo } from '../api/types'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Checks } from '../ui/Checks'
import { FieldGroup, TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { ConfirmDialog } from './ConfirmDialog'
import { grouped, roleTitle } from './roles'

const fields = ['name', 'title', 'title_en', 'actions']

/** A new role, or what one allows. A role of the program can be given back what it allows as delivered; one of the county's own that nobody has can be removed. */
export function RoleForm({ role, actions, onClose }: { role: RoleInfo | null; actions: readonly string[]; onClose: () => void }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [seen] = useState(role) // what stood there when the form was opened: its revision is told
  const [removing, setRemoving] = useState(false)
  const [form, setForm] = useState({ name: '', title: seen?.title ?? '', title_en: seen?.title_en ?? '', actions: seen?.actions ?? ['read', 'token.manage'] })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const save = useMutation({
    mutationFn: () => {
      const { title, title_en, actions } = form
      return seen
        ? take(api.PUT('/api/roles/{name}', { params: { path: { name: seen.name } }, body: { revision: seen.revision, title, title_en, actions } }))
        : take(api.POST('/api/roles', { body: { name: form.name.trim(), title, title_en, actions } }))
    },
    onSuccess: (saved) => {
      notify('done', t('roles.saved', { title: roleTitle(saved, locale) }))
      void client.invalidateQueries({ queryKey: rolesQuery.queryKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: rolesQuery.queryKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  const title = seen ? roleTitle(seen, locale) : ''
  if (seen && removing)
    return (
      <ConfirmDialog
        title={t('roles.removeTitle', { title })}
        hint={t('roles.removeHint')}
        action={t('roles.remove')}
        done={t('roles.removed', { title })}
        act={() => take(api.DELETE('/api/roles/{name}', { params: { path: { name: seen.name }, query: { revision: seen.revision } } }))}
        queryKey={rolesQuery.queryKey}
        onClose={onClose}
        testid="role-remove"
      />
    )
  return (
    <FormDialog title={seen ? t('roles.edit', { title }) : t('roles.new')} testid="role-form" error={save.error} told={fields.some((field) => wrong(field))} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={onClose}>
      {!seen && <TextInput label={t('roles.name')} name="role-name" value={form.name} onChange={(name) => set({ name })} maxLength={40} hint={t('roles.nameHint')} error={wrong('name')} spellCheck="false" autoFocus isRequired />}
      <TextInput label={t('roles.title')} name="role-title" value={form.title} onChange={(title) => set({ title })} maxLength={40} error={wrong('title')} isRequired />
      <TextInput label={t('roles.titleEN')} name="role-title-en" value={form.title_en} onChange={(title_en) => set({ title_en })} maxLength={40} error={wrong('title_en')} />
      <FieldGroup label={t('roles.actions')} error={wrong('actions')}>
        {grouped(actions).map((group) => (
          <fieldset key={group.name} className="roles-choices">
            <legend>{t(`roleGroup.${group.name}`)}</legend>
            <Checks
              label={t(`roleGroup.${group.name}`)}
              value={form.actions.filter((each) => group.actions.includes(each))}
              onChange={(chosen) => set({ actions: [...form.actions.filter((each) => !group.actions.includes(each)), ...chosen] })}
              choices={group.actions.map((id) => ({ id, text: t(`roleAction.${id.replace('.', '_')}`, { defaultValue: id }) }))}
            />
          </fieldset>
        ))}
      </FieldGroup>
      <div className="roles-more">
        {seen?.delivered && <Button onPress={() => set({ actions: seen.delivered ?? [] })}>{t('roles.asDelivered')}</Button>}
        {seen && !seen.delivered && seen.users === 0 && (
          <Button icon="close" onPress={() => setRemoving(true)}>
            {t('roles.remove')}
          </Button>
        )}
      </div>
    </FormDialog>
  )
}
