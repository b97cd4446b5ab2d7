import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, take } from '../api/client'
import { errorText, fromAnswer } from '../api/error'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import { drawRing } from '../map/ring'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { Failure } from '../ui/State'
import { type Ingest, type Question, capturesQuery, ingestsQuery } from './queries'

/** What was handed in and is not a capture yet: how far it is, what it asks, why it was refused. */
export function IngestList() {
  const { t } = useText()
  const client = useQueryClient()
  const found = useQuery(ingestsQuery)
  const open = (found.data ?? []).filter(({ state, files }) => state !== 'ready' && files.length > 0) // of what was refused, as long as its files are kept
  const ready = (found.data ?? []).length - open.length
  useEffect(() => {
    void client.invalidateQueries({ queryKey: capturesQuery.queryKey })
  }, [client, ready])
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  if (open.length === 0) return null
  return (
    <section className="captures-part" aria-labelledby="captures-ingests">
      <h2 id="captures-ingests">{t('captures.processing')}</h2>
      <ul className="captures-ingests">
        {open.map((ingest) => <IngestCard key={ingest.id} ingest={ingest} />)}
      </ul>
    </section>
  )
}

function IngestCard({ ingest }: { ingest: Ingest }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const again = () => client.invalidateQueries({ queryKey: ingestsQuery.queryKey })
  const over = ingest.job_state === 'failed' || ingest.job_state === 'cancelled'
  const state = ingest.state === 'refused' || ingest.state === 'asking' ? ingest.state : over ? ingest.job_state! : ingest.job_state === 'waiting' ? 'waiting' : ingest.state
  const running = state === 'checking' || state === 'making' || state === 'waiting'
  const answer = useMutation({
    mutationFn: (body: { epsg?: number; captured_at?: string; outside?: boolean }) => take(api.POST('/api/ingests/{id}/answers', { params: { path: { id: ingest.id } }, body })),
    onSettled: again,
  })
  const cancel = useMutation({ mutationFn: () => take(api.DELETE('/api/jobs/{id}', { params: { path: { id: ingest.job_id! } } })), onSettled: again })
  const step = ingest.step && has(`captures.step.${ingest.step}`) ? t(`captures.step.${ingest.step}`) : ''
  return (
    <li className="captures-ingest" data-testid="ingest" data-state={state}>
      <div className="captures-ingest-head">
        <b className="truncate">{ingest.name}</b>
        <span className={state === 'refused' || state === 'failed' ? 'captures-bad' : 'captures-quiet'}>
          {(state === 'refused' || state === 'failed') && <Icon name="alert" size="1em" />} {t(`captures.state.${state}`)} {running && step} · {ingest.files.map(({ filename }) => filename).join(', ')} · {stamp(ingest.created_at, locale)}
        </span>
        {running && ingest.job_id && <Button small icon="close" isDisabled={cancel.isPending} onPress={() => cancel.mutate()}>{t('captures.cancel')}</Button>}
        {over && <Button small icon="refresh" isDisabled={answer.isPending} onPress={() => answer.mutate({})}>{t('captures.begin')}</Button>}
      </div>
      {running && <progress max={1} value={ingest.progress} aria-label={ingest.name} />}
      {ingest.refusal && (
        <p className="captures-bad" role="alert" data-testid="refusal">
          {ingest.refusal.filename && <b>{ingest.refusal.filename}: </b>}
          {errorText(fromAnswer(400, ingest.refusal), t, has)}
        </p>
      )}
      {state === 'asking' && <Questions questions={ingest.questions} isPending={answer.isPending} onAnswer={(body) => answer.mutate(body)} />}
      {(answer.error ?? cancel.error) && <Failure compact error={answer.error ?? cancel.error} />}
    </li>
  )
}

function Questions({ questions, isPending, onAnswer }: { questions: Question[]; isPending: boolean; onAnswer: (body: { epsg?: number; captured_at?: string; outside?: boolean }) => void }) {
  const { t } = useText()
  const crs = questions.find(({ kind }) => kind === 'crs')
  const [epsg, setEpsg] = useState(crs?.guesses?.[0]?.epsg ?? 0)
  const [flown, setFlown] = useState('')
  const outside = questions.find(({ kind }) => kind === 'outside')
  const guess = crs?.guesses?.find((each) => each.epsg === epsg)
  const ring = guess?.ring ?? outside?.ring
  return (
    <form
      className="captures-questions"
      onSubmit={(event) => {
        event.preventDefault()
        onAnswer({ ...(crs && { epsg }), ...(flown && { captured_at: new Date(flown).toISOString() }), ...(outside && { outside: true }) })
      }}
    >
      {questions.map((question) => (
        <label key={question.kind}>
          <span>{t(`captures.ask.${question.kind}`, { file: question.filename })}</span>
          {question.kind === 'crs' && (
            <select value={epsg} onChange={(event) => setEpsg(Number(event.target.value))} data-testid="ask-crs">
              {question.guesses?.map((each) => (
                <option key={each.epsg} value={each.epsg}>
                  EPSG:{each.epsg} {each.name}{each.inside ? ` (${t('captures.ask.inside')})` : ''}
                </option>
              ))}
            </select>
          )}
          {question.kind === 'captured_at' && <input type="datetime-local" step="60" required value={flown} onChange={(event) => setFlown(event.target.value)} data-testid="ask-time" />}
        </label>
      ))}
      {ring && <Preview ring={ring as [number, number][]} />}
      <Button type="submit" look="primary" isDisabled={isPending || (questions.some(({ kind }) => kind === 'captured_at') && !flown)} data-testid="ask-answer">
        {outside && questions.length === 1 ? t('captures.ask.outsideYes') : t('captures.ask.answer')}
      </Button>
    </form>
  )
}

function Preview({ ring }: { ring: [number, number][] }) {
  const { t, locale } = useText()
  const box = useRef<HTMLDivElement>(null)
  const drawn = JSON.stringify(ring)
  useEffect(() => {
    try {
      return drawRing(box.current!, JSON.parse(drawn) as [number, number][], locale)
    } catch (error) {
      console.error('the preview was not drawn:', error)
      return undefined
    }
  }, [drawn, locale])
  return <div className="captures-preview" ref={box} role="img" aria-label={t('captures.ask.preview')} />
}
