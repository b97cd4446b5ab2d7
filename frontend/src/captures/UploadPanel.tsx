import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { ConfirmDialog } from '../admin/ConfirmDialog'
import { api, take } from '../api/client'
import { errorText, fromAnswer } from '../api/error'
import { localInput } from '../features/timeline/span'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { duration, stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Failure } from '../ui/State'
import { type Uploads, bytes, uploadsQuery } from './queries'
import { type Sending, addFiles, clear, drop, pause, resume, sendings } from './uploads'

const accept = '.tif,.tiff,.zip,.csv,.gpx,.geojson,.json'

/** Files of one flight, on their way; then handed in together. */
export function UploadPanel() {
  const { t, locale } = useText()
  const client = useQueryClient()
  const known = useQuery(uploadsQuery)
  const list = useStore(sendings)
  const picker = useRef<HTMLInputElement>(null)
  const [name, setName] = useState('')
  const [flown, setFlown] = useState('')
  const [over, setOver] = useState(false)
  const [dropping, setDropping] = useState<{ id: string; filename: string; received: number } | null>(null)
  const whole = list.filter(({ state }) => state === 'whole').length
  const underWay = list.some(({ state }) => state !== 'whole' && state !== 'failed')
  useEffect(() => {
    void client.invalidateQueries({ queryKey: uploadsQuery.queryKey })
  }, [client, whole])
  useEffect(() => {
    if (!underWay) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [underWay])
  const unfinished = (known.data?.items ?? []).filter((upload) => !list.some(({ id }) => id === upload.id))
  const shownName = name || ((list[0]?.name ?? unfinished.find(({ done_at }) => done_at)?.filename)?.replace(/\.[^.]+$/, '') ?? '')
  const hand = useMutation({
    mutationFn: () => take(api.POST('/api/ingests', { body: { name: shownName, uploads: [...list.map(({ id }) => id!), ...unfinished.filter(({ done_at }) => done_at && list.length === 0).map(({ id }) => id)], ...(flown && { captured_at: new Date(flown).toISOString() }) } })),
    onSuccess: (made) => {
      clear()
      setName('')
      setFlown('')
      notify('done', t('captures.handed', { name: made.name }))
      for (const key of ['ingests', 'uploads']) void client.invalidateQueries({ queryKey: [key] })
    },
  })
  const pick = (files: FileList | null) => files && addFiles(files, known.data?.items ?? [])
  const ready = list.length > 0 ? list.every(({ state, id }) => state === 'whole' && id) : unfinished.some(({ done_at }) => done_at)
  return (
    <section className="captures-part" aria-labelledby="captures-upload">
      <h2 id="captures-upload">{t('captures.upload')}</h2>
      <div
        className={over ? 'captures-drop captures-drop-over' : 'captures-drop'}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          pick(event.dataTransfer.files)
        }}
      >
        <p>
          {t('captures.drop')} <Button look="primary" icon="plus" onPress={() => picker.current?.click()}>{t('captures.pick')}</Button>
        </p>
        <p className="captures-quiet">{t('captures.dropHint')}</p>
        {known.data && <p className="captures-quiet">{t('captures.quota', { used: bytes(known.data.used), most: bytes(known.data.quota) })}</p>}
        {known.data?.originals && <Originals state={known.data.originals} />}
        <input ref={picker} type="file" multiple hidden accept={accept} data-testid="captures-files" onChange={(event) => {
          pick(event.target.files)
          event.target.value = ''
        }} />
      </div>
      {known.isError && <Failure compact error={known.error} onRetry={() => void known.refetch()} />}
      {(list.length > 0 || unfinished.length > 0) && (
        <ul className="captures-files" aria-label={t('captures.file')}>
          {list.map((each) => <FileRow key={each.key} file={each} />)}
          {unfinished.map((upload) => (
            <li key={upload.id} className="captures-file">
              <span className="captures-name truncate">{upload.filename}</span>
              <progress max={upload.size} value={upload.received} aria-label={upload.filename} />
              <span className="captures-say">{upload.done_at ? t('captures.whole') : t('captures.again')} · {t('captures.expires', { at: stamp(upload.expires_at, locale) })}</span>
              <Button small look="quiet" icon="close" aria-label={`${t('captures.remove')} ${upload.filename}`} onPress={() => setDropping(upload)} />
            </li>
          ))}
        </ul>
      )}
      {dropping && (
        <ConfirmDialog
          title={t('captures.dropSure', { name: dropping.filename })}
          hint={t('captures.dropLost', { size: bytes(dropping.received) })}
          action={t('captures.remove')}
          done={t('captures.dropped', { name: dropping.filename })}
          act={() => take(api.DELETE('/api/uploads/{id}', { params: { path: { id: dropping.id }, header: { 'Tus-Resumable': '1.0.0' } } }))}
          queryKey={uploadsQuery.queryKey}
          onClose={() => setDropping(null)}
          testid="upload-drop"
        />
      )}
      {(list.length > 0 || unfinished.some(({ done_at }) => done_at)) && (
        <form
          className="captures-hand"
          onSubmit={(event) => {
            event.preventDefault()
            hand.mutate()
          }}
        >
          <label>
            <span>{t('captures.name')}</span>
            <input value={name} placeholder={shownName} maxLength={200} onChange={(event) => setName(event.target.value)} data-testid="captures-name" />
          </label>
          <label>
            <span>{t('captures.flownAt')}</span>
            <input type="datetime-local" step="60" value={flown} max={localInput(new Date().toISOString()).slice(0, 16)} onChange={(event) => setFlown(event.target.value)} data-testid="captures-flown" />
          </label>
          <Button type="submit" look="primary" isDisabled={!ready || hand.isPending} data-testid="captures-hand">{t('captures.hand')}</Button>
          {!ready && <span className="captures-quiet">{t('captures.handHint')}</span>}
          {hand.error && <Failure compact error={hand.error} />}
        </form>
      )}
    </section>
  )
}

/** What of the originals waits to be brought into the bucket, and why. */
function Originals({ state }: { state: NonNullable<Uploads['originals']> }) {
  const { t, has, locale } = useText()
  if (state.waiting === 0) return null
  const { trouble } = state
  const why = trouble && `error.reason.${trouble.reason}`
  return (
    <p className={trouble ? 'captures-bad' : 'captures-quiet'} role={trouble ? 'status' : undefined} data-testid="captures-originals">
      {trouble && <Icon name="alert" size="1em" />} {t('captures.originalsWait', { n: state.waiting, size: bytes(state.bytes) })}
      {trouble && why && <> {has(why) ? t(why) : trouble.reason} {t('captures.originalsSince', { since: stamp(trouble.since, locale), at: stamp(trouble.at, locale) })}</>}
    </p>
  )
}

function FileRow({ file }: { file: Sending }) {
  const { t, has } = useText()
  const { state } = file
  const left = file.rate > 0 ? duration(((file.size - file.sent) / file.rate) * 1000, t) : '–'
  let say = state === 'whole' ? t('captures.whole') : state === 'waiting' ? t('captures.waiting') : state === 'paused' ? t('captures.paused') : state === 'interrupted' ? t('captures.interrupted') : t('captures.rate', { rate: bytes(file.rate), left })
  if (state === 'failed') {
    let body: unknown = null
    try {
      body = JSON.parse(file.error?.body ?? '')
    } catch {
      // no answer of ours
    }
    say = errorText(fromAnswer(file.error?.status ?? 0, body), t, has)
  }
  return (
    <li className="captures-file" data-testid="captures-file" data-state={state}>
      <span className="captures-name truncate">{file.name}</span>
      <progress max={file.size} value={file.sent} aria-label={file.name} />
      <span className={state === 'failed' ? 'captures-say captures-bad' : 'captures-say'} role={state === 'failed' ? 'alert' : undefined}>
        {state === 'failed' && <Icon name="alert" size="1em" />} {say} · {bytes(file.sent)} / {bytes(file.size)}
      </span>
      {(state === 'sending' || state === 'interrupted' || state === 'waiting') && <Button small icon="pause" onPress={() => pause(file.key)}>{t('captures.pause')}</Button>}
      {state === 'paused' && <Button small icon="play" onPress={() => resume(file.key)}>{t('captures.resume')}</Button>}
      {state === 'failed' && <Button small icon="refresh" onPress={() => resume(file.key)}>{t('captures.retry')}</Button>}
      <Button small look="quiet" icon="close" aria-label={`${t('captures.remove')} ${file.name}`} onPress={() => drop(file.key, true)} />
    </li>
  )
}
