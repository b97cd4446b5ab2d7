import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, take } from '../api/client'
import { go, paths } from '../app/router'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Failure } from '../ui/State'
import type { Capture } from './queries'

const over = (state: string) => state === 'done' || state === 'failed' || state === 'cancelled'

/** Begins the comparison of two captures, the earlier with the later one, and tells how far it is. */
export default function Find({ a, b }: { a: Capture; b: Capture }) {
  const { t, has } = useText()
  const [before, after] = a.captured_at <= b.captured_at ? [a, b] : [b, a]
  const begin = useMutation({ mutationFn: () => take(api.POST('/api/captures/{id}/comparisons', { params: { path: { id: after.id } }, body: { before: before.id } })) })
  const job = useQuery({
    queryKey: ['job', begin.data?.job_id],
    queryFn: () => take(api.GET('/api/jobs/{id}', { params: { path: { id: begin.data!.job_id } } })),
    enabled: !!begin.data,
    refetchInterval: ({ state }) => (state.data && over(state.data.state) ? false : 1500),
  })
  useEffect(() => {
    begin.reset()
    // another pair
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [a.id, b.id])
  const state = begin.data ? job.data?.state : undefined
  const measured = [a, b].every(({ files }) => files.some(({ kind }) => kind === 'dsm'))
  const step = job.data?.step && has(`captures.step.${job.data.step}`) ? t(`captures.step.${job.data.step as 'check'}`) : t('captures.find.waiting')
  return (
    <div className="compare-find" role="status">
      {!begin.data && <Button isDisabled={begin.isPending || a.id === b.id} onPress={() => begin.mutate()} data-testid="compare-find">{t('captures.find.run')}</Button>}
      {begin.data && !(state && over(state)) && <span>{t('captures.find.busy', { step, share: Math.round((job.data?.progress ?? 0) * 100) })}</span>}
      {state === 'done' && <span>{t('captures.find.done')} <Button small onPress={() => go(paths.verdicts)}>{t('captures.find.open')}</Button></span>}
      {(state === 'failed' || state === 'cancelled') && <span className="captures-bad">{t('captures.find.failed')}{job.data?.failure?.reason && has(`error.reason.${job.data.failure.reason}`) && `: ${t(`error.reason.${job.data.failure.reason}`)}`}</span>}
      {!measured && !begin.error && <span className="captures-quiet">{t('captures.find.look')}</span>}
      {begin.error && <Failure compact error={begin.error} />}
    </div>
  )
}
