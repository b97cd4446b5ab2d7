import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, take } from '../api/client'
import { unitsQuery } from '../api/queries'
import type { components } from '../api/schema.gen'
import { go, paths } from '../app/router'
import { useText } from '../i18n'
import { squareMetres } from '../lib/format'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { Picture } from './Picture'
import type { Outline } from './shape'

type File = components['schemas']['DetectionFile']
type Ask = components['schemas']['DetectionMove']
const codes = ['shadow', 'crop', 'temporary', 'permitted', 'lawful', 'not_a_building', 'other'] as const
type Mode = 'look' | 'redraw' | 'split'

/** One candidate: both flights, what it touches, who said what, and what can be done with it now. */
export function Case({ id, reviews, marked, onMark, onDone }: { id: number; reviews: boolean; marked: boolean; onMark: () => void; onDone: () => void }) {
  const { t } = useText()
  const found = useQuery({ queryKey: ['detection', id], queryFn: () => take(api.GET('/api/detections/{id}', { params: { path: { id } } })), staleTime: 0 })
  if (found.isPending) {
    return (
      <section className="verdict-case">
        <Loading text={t('app.loading')} />
      </section>
    )
  }
  if (!found.data) {
    return (
      <section className="verdict-case">
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      </section>
    )
  }
  return <Open file={found.data} reviews={reviews} marked={marked} onMark={onMark} onDone={onDone} />
}

function Open({ file, reviews, marked, onMark, onDone }: { file: File; reviews: boolean; marked: boolean; onMark: () => void; onDone: () => void }) {
  const { t, locale } = useText()
  const client = useQueryClient()
  const flies = reviews && (file.state === 'rectified' || file.state === 'confirmed')
  const units = useQuery({ ...unitsQuery, enabled: file.moves.includes('issue') || flies })
  const [mode, setMode] = useState<Mode>('look')
  const [outline, setOutline] = useState<Outline>(file.outline.coordinates)
  const [note, setNote] = useState('')
  const [unit, setUnit] = useState('')
  useEffect(() => setOutline(file.outline.coordinates), [file.outline])
  const path = { params: { path: { id: file.id } } }
  const settled = (next: File) => {
    client.setQueryData(['detection', file.id], next)
    setMode('look')
    notify('done', t('verdict.done'))
  }
  const move = useMutation({
    mutationFn: (ask: Omit<Ask, 'revision'>) => take(api.POST('/api/detections/{id}/moves', { ...path, body: { ...ask, note, revision: file.revision } })),
    onSuccess: (next) => {
      settled(next)
      onDone()
    },
    onError: () => void client.invalidateQueries({ queryKey: ['detection', file.id] }),
  })
  const redraw = useMutation({
    mutationFn: () => take(api.PUT('/api/detections/{id}/outline', { ...path, body: { outline: { type: 'MultiPolygon', coordinates: outline }, revision: file.revision } })),
    onSuccess: settled,
  })
  const split = useMutation({
    mutationFn: (parts: Outline[]) => take(api.POST('/api/detections/{id}/split', { ...path, body: { parts: parts.map((coordinates) => ({ type: 'MultiPolygon' as const, coordinates })), revision: file.revision } })),
    onSuccess: (all) => {
      settled(all.items[0]!)
      onDone()
    },
  })
  const fly = useMutation({
    mutationFn: () => take(api.POST('/api/detections/{id}/flights', { ...path, body: { unit_id: Number(unit), note } })),
    onSuccess: settled,
  })
  const busy = fly.isPending || move.isPending || redraw.isPending || split.isPending
  const shapes = reviews && file.state === 'detected'
  const issue = () => move.mutate({ move: 'issue', ...(unit ? { unit_id: Number(unit) } : {}) })
  const dismiss = (code: (typeof codes)[number]) => move.mutate({ move: 'dismiss', code })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || busy || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('[role=dialog],[role=listbox]')) return
      const code = codes[Number(event.key) - 1]
      if (event.key === 'Escape' && mode !== 'look') {
        setMode('look')
        setOutline(file.outline.coordinates)
      } else if (event.key === 'Enter' && mode === 'redraw') redraw.mutate()
      else if (event.key === 'Enter' && mode === 'look' && target.tagName !== 'BUTTON' && target.tagName !== 'A' && file.moves.includes('issue')) issue()
      else if (code && mode === 'look' && file.moves.includes('dismiss')) dismiss(code)
      else if (event.key === 'r' && shapes) setMode('redraw')
      else if (event.key === 's' && shapes) setMode('split')
      else return
      event.preventDefault()
    }
    globalThis.addEventListener('keydown', press)
    return () => globalThis.removeEventListener('keydown', press)
  })
  const error = move.error ?? redraw.error ?? split.error ?? fly.error
  const withdrawn = file.before?.withdrawn || file.after?.withdrawn
  return (
    <section className="verdict-case" aria-label={file.number} data-testid="verdict-case">
      <header className="verdict-title">
        <h2>{file.number}</h2>
        <span className="state-chip" data-state={file.state}>
          {t(`state.detection.${file.state}`)}
        </span>
        <span>{t(`verdict.kind.${file.kind}`)}</span>
        {file.sightings > 1 && <span>{t('verdict.seen', { n: file.sightings - 1 })}</span>}
        <Button small icon="place" onPress={() => go(paths.situation, { layer: 'detection', id: file.id })}>
          {t('verdict.onMap')}
        </Button>
        {reviews && (
          <a className="button button-plain button-small" href={`/api/detections/${file.id}/evidence`} download data-testid="verdict-evidence">
            {t('verdict.evidence')}
          </a>
        )}
      </header>
      {withdrawn && (
        <p className="verdict-warning" role="status">
          <Icon name="alert" />
          {t('verdict.withdrawnNote')}
        </p>
      )}
      {file.kind === 'look' && (
        <p className="verdict-warning">
          <Icon name="eye" />
          {t('verdict.lookNote')}
        </p>
      )}
      {file.waiting && (
        <p className="verdict-warning" role="status" data-testid="verdict-waiting">
          <Icon name="people" />
          {t('verdict.waiting', { by: file.waiting_by, move: t(`verdict.${file.waiting}`) })}
        </p>
      )}
      <div className="verdict-pictures" aria-label={t('verdict.flights')}>
        {(['before', 'after'] as const).map((which) => (
          <Picture
            key={`${which}-${file.revision}`}
            id={file.id}
            which={which}
            outline={outline}
            title={`${t(`verdict.${which}`)} · ${file[which] ? `${file[which].name}${file[which].name && ' · '}${stamp(file[which].captured_at, locale)}` : '—'}`}
            mode={which === 'after' ? mode : 'look'}
            onRedraw={setOutline}
            onSplit={(parts) => split.mutate(parts)}
          />
        ))}
      </div>
      {mode !== 'look' && (
        <p className="verdict-mode" role="status">
          {t(mode === 'redraw' ? 'verdict.redrawHint' : 'verdict.splitHint')}
          {mode === 'redraw' && (
            <Button small look="primary" isDisabled={busy} onPress={() => redraw.mutate()}>
              {t('verdict.save')}
            </Button>
          )}
          <Button
            small
            onPress={() => {
              setMode('look')
              setOutline(file.outline.coordinates)
            }}
          >
            {t('verdict.cancel')}
          </Button>
        </p>
      )}
      {error && <Failure compact error={error} />}
      <div className="verdict-sides">
        <div>
          <dl className="verdict-facts">
            <dt>{t('verdict.area')}</dt>
            <dd>{squareMetres(file.area_m2, locale, t)}</dd>
            <dt>{t('verdict.height')}</dt>
            <dd>{file.height_m === null ? '—' : `${file.height_m.toFixed(1)} / ${file.height95_m?.toFixed(1) ?? '—'} ${t('unitOf.m')}`}</dd>
            <dt>{t('verdict.score')}</dt>
            <dd>{file.score?.toFixed(2) ?? '—'}</dd>
            <dt>{t('verdict.source')}</dt>
            <dd>{`${file.detector} ${file.detector_version}`}</dd>
            <dt>{t('verdict.grounds')}</dt>
            <dd>
              {file.lawful_share !== null && file.lawful_share > 0.01 && <p>{t('verdict.lawful', { n: Math.round(file.lawful_share * 100) })}</p>}
              {file.grounds.map((g) => (
                <p key={`${g.what}${g.id}`}>
                  {g.what === 'zone' ? t(`verdict.zone.${g.kind ?? 'other'}`) : t(g.what === 'permit' ? 'verdict.permit' : 'verdict.lawfulBuilding')} {g.name} {Math.round(g.share * 100)}%{g.reason ? ` · ${g.reason}` : ''}
                  {g.what === 'permit' && !g.valid ? ` · ${t('verdict.invalid')}` : ''}
                </p>
              ))}
              {file.grounds.length === 0 && t('verdict.groundsNone')}
            </dd>
          </dl>
          {file.moves.length > 0 && (
            <div className="verdict-moves">
              {file.moves.includes('issue') && (
                <div className="verdict-issue">
                  <Select
                    label={t('verdict.unit')}
                    testid="verdict-unit"
                    value={unit}
                    onChange={setUnit}
                    choices={[{ id: '', text: t('verdict.nobody') }, ...(units.data ?? []).filter((u) => u.status === 'available').map((u) => ({ id: String(u.id), text: u.name }))]}
                  />
                  <Button look="primary" icon="flag" isDisabled={busy} onPress={issue} data-testid="verdict-issue">
                    {t('verdict.issue')}
                  </Button>
                </div>
              )}
              {flies && (
                <div className="verdict-issue">
                  <Select
                    label={t('verdict.unit')}
                    value={unit}
                    onChange={setUnit}
                    choices={[{ id: '', text: t('verdict.nobody') }, ...(units.data ?? []).filter((u) => u.status === 'available' && u.kind === 'drone_crew').map((u) => ({ id: String(u.id), text: u.name }))]}
                  />
                  <Button icon="arrow" isDisabled={busy || unit === ''} onPress={() => fly.mutate()} data-testid="verdict-fly">
                    {t('verdict.fly')}
                  </Button>
                </div>
              )}
              {file.moves
                .filter((m) => m !== 'issue' && m !== 'dismiss')
                .map((m) => (
                  <Button key={m} look="primary" isDisabled={busy} onPress={() => move.mutate({ move: m, ...((m === 'clear' || m === 'still_stands') && file.proposals.length > 0 ? { capture_id: file.proposals.at(-1)!.capture.id } : {}) })} data-testid={`verdict-${m}`}>
                    {t(`verdict.${m}`)}
                  </Button>
                ))}
              <TextInput label={t('verdict.note')} value={note} onChange={setNote} maxLength={500} />
              {file.moves.includes('dismiss') && (
                <fieldset className="verdict-codes">
                  <legend>{t('verdict.why')}</legend>
                  {codes.map((code, i) => (
                    <Button key={code} small isDisabled={busy || (code === 'other' && note.trim() === '')} onPress={() => dismiss(code)} data-testid={`verdict-code-${code}`}>
                      {`${i + 1} ${t(`verdict.code.${code}`)}`}
                    </Button>
                  ))}
                </fieldset>
              )}
              {shapes && (
                <div className="verdict-shapes">
                  <Button small icon="pin" onPress={() => setMode('redraw')}>
                    {t('verdict.redraw')}
                  </Button>
                  <Button small onPress={() => setMode('split')}>
                    {t('verdict.split')}
                  </Button>
                  <Button small icon={marked ? 'check' : 'plus'} onPress={onMark}>
                    {t('verdict.mark')}
                  </Button>
                </div>
              )}
            </div>
          )}
        </div>
        <Story file={file} />
      </div>
    </section>
  )
}

/** What happened, with photos and what later flights say. */
function Story({ file }: { file: File }) {
  const { t, has, locale } = useText()
  const name = (move: string) => (has(`verdict.log_${move}`) ? t(`verdict.log_${move}`) : move)
  return (
    <div className="verdict-story">
      {file.proposals.length > 0 && (
        <>
          <h3>{t('verdict.proposals')}</h3>
          {file.proposals.map((p) => (
            <div key={p.capture.id}>
            <p className="verdict-proposal">
              <Icon name={p.says === 'gone' ? 'check' : p.says === 'still_stands' ? 'house' : 'eye'} /> {t(`verdict.says.${p.says}`)} · {p.capture.name}
              {p.height_m !== null ? ` · ${p.height_m.toFixed(1)} ${t('unitOf.m')}` : ` · ${t('verdict.unmeasured')}`}
            </p>
            {!p.capture.withdrawn && <Flight id={file.id} capture={p.capture.id} name={`${stamp(p.capture.captured_at, locale)} ${p.capture.name}`} />}
            </div>
          ))}
        </>
      )}
      {file.photos.length > 0 && (
        <>
          <h3>{t('verdict.photos')}</h3>
          {file.photos.map((p) => (
            <p key={p.id}>
              <a href={`/api/attachments/${p.id}`} target="_blank" rel="noreferrer">
                {p.by} {stamp(p.at, locale)}
              </a>{' '}
              · {p.distance_m === null ? t('verdict.noPlace') : t('verdict.distance', { n: Math.round(p.distance_m) })}
            </p>
          ))}
        </>
      )}
      <h3>{t('verdict.log')}</h3>
      <ol>
        {file.log.map((l) => (
          <li key={l.n}>
            <b>{name(l.move)}</b> {l.actor} <time dateTime={l.at}>{stamp(l.at, locale)}</time>
            {l.reason && <span> · {l.reason}</span>}
            <code title={l.hash}>{l.hash.slice(0, 16)}</code>
          </li>
        ))}
      </ol>
    </div>
  )
}

/** What a later flight shows of the place; nothing where it has no picture there. */
function Flight({ id, capture, name }: { id: number; capture: number; name: string }) {
  const [missing, setMissing] = useState(false)
  if (missing) return null
  return (
    <figure className="verdict-flight">
      <img src={`/api/detections/${id}/pictures/flight-${capture}`} alt={name} loading="lazy" onError={() => setMissing(true)} data-testid="verdict-flight" />
      <figcaption>{name}</figcaption>
    </figure>
  )
}
