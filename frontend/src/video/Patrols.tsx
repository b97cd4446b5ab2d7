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

export type Patrol = components['schemas']['Patrol']

const key = ['patrols']
const dwells = [5, 10, 20, 30, 60, 120]

/** The kept patrols; one of them runs, or what stands on the wall is kept as another. */
export function Patrols({ cameras, running, onRun }: { cameras: readonly number[]; running: number | null; onRun: (patrol: Patrol | null) => void }) {
  const { t } = useText()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [dwell, setDwell] = useState('10')
  const found = useQuery({ queryKey: key, queryFn: async () => (await take(api.GET('/api/patrols'))).items, staleTime: 10_000 })
  const again = () => void client.invalidateQueries({ queryKey: key })
  const stops = cameras.map((camera_id) => ({ camera_id, dwell_s: Number(dwell) }))
  const save = useMutation({
    mutationFn: (old: Patrol | null) =>
      old
        ? take(api.PUT('/api/patrols/{id}', { params: { path: { id: old.id } }, body: { name: old.name, stops, revision: old.revision } }))
        : take(api.POST('/api/patrols', { body: { name, stops } })),
    onSuccess: (kept) => {
      setName('')
      notify('done', t('wall.saved', { name: kept.name }))
    },
    onSettled: again,
  })
  const undo = useUndo()
  const remove = useMutation({
    mutationFn: (old: Patrol) => take(api.DELETE('/api/patrols/{id}', { params: { path: { id: old.id } } })),
    onSuccess: (_, { name, stops }) => undo(t('wall.removed', { name }), () => take(api.POST('/api/patrols', { body: { name, stops } })).finally(again)),
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
                {t('wall.stops', { n: patrol.stops.length })} · {patrol.maker}
              </span>
            </span>
            {patrol.mine && running === null && (
              <>
                <IconButton icon="refresh" label={t('wall.replace')} isDisabled={stops.length === 0 || save.isPending} onPress={() => save.mutate(patrol)} />
                <IconButton icon="close" label={t('wall.remove')} isDisabled={remove.isPending} onPress={() => remove.mutate(patrol)} />
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
          <Select label={t('wall.dwell')} value={dwell} onChange={setDwell} choices={dwells.map((n) => ({ id: String(n), text: t('wall.seconds', { n }) }))} />
          <Button type="submit" isDisabled={!name.trim() || stops.length === 0 || save.isPending} data-testid="patrol-save">
            {stops.length === 0 ? t('wall.nothing') : t('wall.save')}
          </Button>
        </form>
      )}
    </section>
  )
}
