import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import type { components } from '../api/schema.gen'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { useUndo } from '../ui/useUndo'
import type { Layout } from './wall'

export type Patrol = components['schemas']['Patrol']

const key = ['patrols']
const dwells = [5, 10, 20, 30, 60, 120]
/** Kept as a group: it is shown as a whole, and nothing goes round. */
const whole = 'group'
/** Of a group that somebody runs as a patrol after all. */
const usualDwell = 10

interface PatrolsProps {
  cameras: readonly number[]
  layout: Layout
  running: number | null
  onRun: (patrol: Patrol | null) => void
  /** Puts a group on the wall. */
  onShow: (group: Patrol) => void
}

export const patrolsQuery = { queryKey: key, queryFn: async () => (await take(api.GET('/api/patrols'))).items, staleTime: 10_000 }

/** The kept patrols and groups; one of them runs or is shown, or what stands on the wall is kept as another. */
export function Patrols({ cameras, layout, running, onRun, onShow }: PatrolsProps) {
  const { t } = useText()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [dwell, setDwell] = useState('10')
  const found = useQuery(patrolsQuery)
  const again = () => void client.invalidateQueries({ queryKey: key })
  const kept = (group: boolean) => ({
    layout: group ? layout : (0 as const),
    stops: (group ? cameras.slice(0, layout) : cameras).map((camera_id) => ({ camera_id, dwell_s: Number(dwell) || usualDwell })),
  })
  const save = useMutation({
    mutationFn: (old: Patrol | null) =>
      old
        ? take(api.PUT('/api/patrols/{id}', { params: { path: { id: old.id } }, body: { name: old.name, ...kept(old.layout > 0), revision: old.revision } }))
        : take(api.POST('/api/patrols', { body: { name, ...kept(dwell === whole) } })),
    onSuccess: (saved) => {
      setName('')
      notify('done', t('wall.saved', { name: saved.name }))
    },
    onSettled: again,
  })
  const undo = useUndo()
  const remove = useMutation({
    mutationFn: (old: Patrol) => take(api.DELETE('/api/patrols/{id}', { params: { path: { id: old.id } } })),
    onSuccess: (_, { name, layout, stops }) => undo(t('wall.removed', { name }), () => take(api.POST('/api/patrols', { body: { name, layout, stops } })).finally(again)),
    onSettled: again,
  })
  const error = save.error ?? remove.error
  return (
    <section className="wall-patrols" aria-label={t('wall.patrols')}>
      <h2>{t('wall.patrols')}</h2>
      {found.isPending && <Loading text={t('app.loading')} />}
      {found.isError && !found.data && <Failure compact error={found.error} onRetry={() => void found.refetch()} />}
      {found.data?.length === 0 && <p className="wall-note">{t('wall.noPatrols')}</p>}
      <ul>
        {found.data?.map((patrol) => (
          <li key={patrol.id} className="wall-patrol" data-running={patrol.id === running || undefined}>
            <span className="wall-patrol-name">
              <b className="truncate">{patrol.name}</b>
              <span>
                {patrol.layout > 0 ? `${t('wall.group')} · ` : ''}
                {t('wall.stops', { n: patrol.stops.length })} · {patrol.maker}
              </span>
            </span>
            {patrol.mine && running === null && (
              <>
                <IconButton icon="refresh" label={t('wall.replace')} isDisabled={cameras.length === 0 || save.isPending} onPress={() => save.mutate(patrol)} />
                <IconButton icon="close" label={t('wall.remove')} isDisabled={remove.isPending} onPress={() => remove.mutate(patrol)} />
              </>
            )}
            {patrol.layout > 0 && running === null && (
              <>
                <IconButton icon="copy" label={t('wall.copyAddress')} onPress={() => void copyAddress(patrol.id, t('wall.copied'))} />
                <IconButton icon="frame" label={t('wall.show')} isDisabled={patrol.stops.length === 0} onPress={() => onShow(patrol)} data-testid={`group-${patrol.id}`} />
              </>
            )}
            <IconButton
              icon={patrol.id === running ? 'pause' : 'play'}
              label={t(patrol.id === running ? 'wall.stop' : 'wall.start')}
              isDisabled={patrol.stops.length === 0}
              onPress={() => onRun(patrol.id === running ? null : patrol)}
              data-testid={`patrol-${patrol.id}`}
            />
          </li>
        ))}
      </ul>
      {error && <Failure compact error={error} />}
      {running === null && (
        <form
          className="wall-save"
          onSubmit={(event) => {
            event.preventDefault()
            save.mutate(null)
          }}
        >
          <TextInput label={t('wall.name')} value={name} onChange={setName} maxLength={80} isRequired data-testid="patrol-name" />
          <Select label={t('wall.dwell')} value={dwell} onChange={setDwell} choices={[{ id: whole, text: t('wall.asGroup') }, ...dwells.map((n) => ({ id: String(n), text: t('wall.seconds', { n }) }))]} />
          <Button type="submit" isDisabled={!name.trim() || cameras.length === 0 || save.isPending} data-testid="patrol-save">
            {cameras.length === 0 ? t('wall.nothing') : t(dwell === whole ? 'wall.saveGroup' : 'wall.save')}
          </Button>
        </form>
      )}
    </section>
  )
}

async function copyAddress(group: number, said: string): Promise<void> {
  await navigator.clipboard.writeText(`${location.origin}/video?group=${group}`)
  notify('done', said)
}
