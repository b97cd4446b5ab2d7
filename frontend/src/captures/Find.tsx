import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, take } from '../api/client'
import { go, paths } from '../app/router'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Select } from '../ui/Select'
import { Failure } from '../ui/State'
import { detectorsQuery, ways } from './models'
import type { Capture } from './queries'

const over = (state: string) => state === 'done' || state === 'failed' || state === 'cancelled'

/** Begins the comparison of two captures, the earlier with the later one, or a model's look at them, and tells how far it is. */
export default function Find({ a, b }: { a: Capture; b: Capture }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [before, after] = a.captured_at <= b.captured_at ? [a, b] : [b, a]
  const models = useQuery(detectorsQuery)
  const choices = models.data && !models.data.away ? ways(models.data.items) : []
  const [chosen, setChosen] = useState('')
  const way = choices.find(({ id }) => id === chosen)
  const begin = useMutation({
    mutationFn: () =>
      way
        ? take(api.POST('/api/captures/{id}/detectors', { params: { path: { id: after.id } }, body: { folder: way.folder, ...(way.pair && { before: before.id }) } }))
        : take(api.POST('/api/captures/{id}/comparisons', { params: { path: { id: after.id } }, body: { before: before.id } })),
  })
  const key = ['job', begin.data?.job_id]
  const job = useQuery({
    queryKey: key,
    queryFn: () => take(api.GET('/api/jobs/{id}', { params: { path: { id: begin.data!.job_id } } })),
    enabled: !!begin.data,
    refetchInterval: ({ state }) => (state.data && over(state.data.state) ? false : 1500),
  })
  const path = { params: { path: { id: begin.data?.job_id ?? 0 } } }
  const change = useMutation({
    mutationFn: (what: 'stop' | 'again') => take(what === 'stop' ? api.DELETE('/api/jobs/{id}', path) : api.POST('/api/jobs/{id}/retry', path)),
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
  })
  useEffect(() => {
    begin.reset()
    change.reset()
    // another pair, or another way
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [a.id, b.id, chosen])
  const state = begin.data ? job.data?.state : undefined
  const failure = job.data?.failure
  const measured = [a, b].every(({ files }) => files.some(({ kind }) => kind === 'dsm'))
  const step = job.data?.step && has(`captures.step.${job.data.step}`) ? t(`captures.step.${job.data.step as 'check'}`) : t('captures.find.waiting')
  const named = (id: string) => models.data?.items.find(({ folder }) => folder === id)
  const title = (folder: string) => `${named(folder)?.name ?? folder} ${named(folder)?.version ?? ''}`.trim()
  return (
    <div className="compare-find" role="status">
      {choices.length > 0 && (
        <Select
          hideLabel
          label={t('captures.find.by')}
          value={way ? chosen : ''}
          onChange={setChosen}
          choices={[{ id: '', text: t(measured ? 'captures.find.heights' : 'captures.find.pictures') }, ...choices.map(({ id, folder, pair }) => ({ id, text: t(pair ? 'captures.find.pair' : 'captures.find.one', { name: title(folder) }) }))]}
          testid="compare-by"
        />
      )}
      {!begin.data && <Button isDisabled={begin.isPending || a.id === b.id} onPress={() => begin.mutate()} data-testid="compare-find">{t('captures.find.run')}</Button>}
      {begin.data && !(state && over(state)) && (
        <span>
          {t('captures.find.busy', { step, share: Math.round((job.data?.progress ?? 0) * 100) })} <Button small isDisabled={change.isPending} onPress={() => change.mutate('stop')} data-testid="compare-stop">{t('captures.find.stop')}</Button>
        </span>
      )}
      {state === 'done' && <span>{t('captures.find.done')} <Button small onPress={() => go(paths.verdicts)}>{t('captures.find.open')}</Button></span>}
      {(state === 'failed' || state === 'cancelled') && (
        <span className="captures-bad">
          {t(state === 'failed' ? 'captures.find.failed' : 'captures.find.stopped')}
          {failure?.reason && has(`error.reason.${failure.reason}`) && `: ${t(`error.reason.${failure.reason}`, failure.params)}`} <Button small isDisabled={change.isPending} onPress={() => change.mutate('again')} data-testid="compare-again">{t('captures.find.again')}</Button>
        </span>
      )}
      {!measured && !way && !begin.error && <span className="captures-quiet">{t('captures.find.look')}</span>}
      {way && !begin.error && <span className="captures-quiet">{t('captures.find.model')}</span>}
      {(begin.error ?? change.error) && <Failure compact error={begin.error ?? change.error} />}
    </div>
  )
}
