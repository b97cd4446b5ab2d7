import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../api/error'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { Empty, Failure, Loading } from '../ui/State'
import { type Detector, detectorsQuery } from './models'
import './models.css'

/** The models in the server's folder: what they are, whether they can be run, and why not. */
export default function ModelsPage() {
  const { t } = useText()
  const found = useQuery(detectorsQuery)
  const why = useWhy()
  const precision = useQuery({ queryKey: ['detections', 'precision'], queryFn: async () => (await take(api.GET('/api/detections/precision'))).items, staleTime: 10_000 })
  const [open, setOpen] = useState('')
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  const { away, version, items } = found.data
  return (
    <main className="captures-main" data-testid="models">
      <section className="captures-part" aria-labelledby="models-title">
        <div className="captures-list-head">
          <h2 id="models-title">{t('captures.models.title')}</h2>
          <Button icon="refresh" isDisabled={found.isFetching} onPress={() => void found.refetch()}>{t('captures.models.again')}</Button>
        </div>
        <p className="captures-quiet">{t('captures.models.hint')}</p>
        <p role="status" className={away ? 'captures-bad' : undefined} data-testid="models-runtime">
          {away ? <><Icon name="alert" /> {t('captures.models.away', { why: why(away) })}</> : t('captures.models.runtime', { version })}
        </p>
        {items.length === 0 ? (
          <Empty icon="area" title={t('captures.models.none')} detail={t('captures.models.noneHint')} />
        ) : (
          <ul className="captures-rows">
            {items.map((each) => {
              const counted = precision.data?.filter((p) => each.name && p.detector === each.name && p.version === each.version) ?? []
              return <Model key={each.folder} model={each} away={!!away} right={counted.reduce((n, p) => n + p.confirmed, 0)} wrong={counted.reduce((n, p) => n + p.dismissed, 0)} open={open === each.folder} onOpen={() => setOpen(open === each.folder ? '' : each.folder)} />
            })}
          </ul>
        )}
      </section>
    </main>
  )
}

type Told = NonNullable<Detector['failure']>

/** Says what is wrong in the reader's language. */
function useWhy() {
  const { t, has } = useText()
  return ({ reason, params, message }: Told) => (reason && has(`error.reason.${reason}`) ? t(`error.reason.${reason}`, params) : message)
}

function Model({ model, away, right, wrong, open, onOpen }: { model: Detector; away: boolean; right: number; wrong: number; open: boolean; onOpen: () => void }) {
  const { t } = useText()
  const why = useWhy()
  const check = useMutation({ mutationFn: () => take(api.POST('/api/detectors/{folder}/checks', { params: { path: { folder: model.folder } } })) })
  const failed = check.error instanceof ApiError ? (check.error.body as Told) : undefined
  const judged = right + wrong
  const bad = !model.usable || !!failed?.reason // what was tried is known better than its files tell
  return (
    <li className="models-row" data-testid="model">
      <b className="truncate">{model.name || model.folder} <span className="captures-quiet">{model.version}</span></b>
      <span className={bad ? 'captures-bad' : undefined} role={failed && 'alert'}>
        <Icon name={bad ? 'alert' : 'check'} /> {failed ? why(failed) : model.usable ? t('captures.models.usable') : `${model.field ? `${model.field}: ` : ''}${model.failure ? why(model.failure) : ''}`}
      </span>
      <span className="captures-quiet">{judged > 0 ? t('captures.models.right', { right, judged }) : t('captures.models.unjudged')}</span>
      <span className="captures-acts">
        <Button small isDisabled={!model.usable || away || check.isPending} onPress={() => check.mutate()} data-testid="model-check">{check.isPending ? t('captures.models.checking') : t('captures.models.check')}</Button>
        <Button small look="quiet" aria-expanded={open} onPress={onOpen}>{t('captures.models.more')}</Button>
      </span>
      {check.data && <span className="models-said" role="status">{t('captures.models.checked', { ms: Math.max(1, Math.round(check.data.seconds * 1000)) })}</span>}
      {check.error && !failed && <span className="models-said"><Failure compact error={check.error} /></span>}
      {open && (
        <dl className="models-more">
          {([
            ['folder', model.folder],
            ['licence', model.licence],
            ['source', model.source],
            ['task', model.task && t(`captures.models.tasks.${model.task}`)],
            ['pixel', model.pixel_m > 0 && `${model.pixel_m} m · ${model.tile} px · ≥ ${model.threshold}`],
            ['classes', model.classes.filter(({ kind }) => kind).map(({ name }) => name).join(', ')],
            ['sha256', model.sha256],
          ] as const).map(([key, value]) => value && (
            <div key={key}>
              <dt>{t(`captures.models.${key}`)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  )
}
