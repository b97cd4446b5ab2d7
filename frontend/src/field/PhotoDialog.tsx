import { useRef, useState } from 'react'
import { useText } from '../i18n'
import type { LonLat } from '../lib/geo'
import { Button } from '../ui/Button'
import { Choice } from '../ui/Choice'
import { Dialog } from '../ui/Dialog'
import { Preview } from '../ui/Preview'
import { acceptedTypes, refusal, sha256, smaller } from './outbox/files'
import { type PhotoRole, photoRoles } from './outbox/items'
import { useOutbox } from './useOutbox'

/** A photo or video of a task: what it shows, where it was taken if the person wants that told, and whether it may become smaller. It is on this phone before the dialog closes. */
export function PhotoDialog({ task, file, onClose }: { task: number; file: File; onClose: () => void }) {
  const { t } = useText()
  const box = useOutbox()
  const [role, setRole] = useState<PhotoRole>('before')
  const [small, setSmall] = useState(false)
  const [withPlace, setWithPlace] = useState(false)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<string | null>(null)
  const wrong = refusal(file)
  const picture = file.type.startsWith('image/')
  const keep = async () => {
    setBusy(true)
    setFailed(null)
    try {
      const made = new Date().toISOString()
      const point = withPlace ? await place() : undefined
      const bytes = small && picture ? await smaller(file) : new Blob([await file.arrayBuffer()], { type: file.type }) // the camera's own file may go
      await box.add({ kind: 'photo', id: crypto.randomUUID(), task, made, role, type: bytes.type, size: bytes.size, sha256: await sha256(bytes), point, received: 0 }, bytes)
      onClose()
    } catch (error) {
      console.error('the photo was not kept:', error)
      setFailed(t('field.storeFailed'))
      setBusy(false)
    }
  }
  return (
    <Dialog open title={t('field.photo.title')} onClose={onClose} testid="photo-dialog">
      <div className="form">
        {picture && !wrong && <Preview file={file} label={t('field.photo.preview')} />}
        <p className="card-soft">{t('field.photo.chosen', { type: file.type || '?', size: `${(file.size / 2 ** 20).toFixed(1)} MB` })}</p>
        <Choice wide label={t('field.photo.role')} all={photoRoles} chosen={role} onChoose={setRole} testid="role">
          {(each) => t(`field.photo.roles.${each}`)}
        </Choice>
        <label className="photo-choice">
          <input type="checkbox" checked={withPlace} onChange={(event) => setWithPlace(event.target.checked)} data-testid="photo-place" />
          {t('field.photo.place')}
        </label>
        {picture && (
          <label className="photo-choice">
            <input type="checkbox" checked={small} onChange={(event) => setSmall(event.target.checked)} data-testid="photo-small" />
            {t('field.photo.small')}
          </label>
        )}
        {(wrong || failed) && (
          <p className="card-error" role="alert">
            {failed ?? t(wrong === 'type' ? 'field.photo.wrongType' : 'field.photo.wrongSize')}
          </p>
        )}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button look="primary" isDisabled={busy || wrong !== null} onPress={() => void keep()} data-testid="photo-keep">
            {t(busy ? 'field.photo.saving' : 'field.photo.keep')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

/** Where this phone is now; undefined when it does not say within some seconds. */
const place = () =>
  new Promise<LonLat | undefined>((resolve) => {
    if (!navigator.geolocation) return resolve(undefined)
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve([coords.longitude, coords.latitude]),
      () => resolve(undefined),
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    )
  })

/** The button that opens the phone's camera or its pictures. */
export function AddPhoto({ task, quiet }: { task: number; quiet?: boolean }) {
  const { t } = useText()
  const input = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File | null>(null)
  if (!window.isSecureContext) return quiet ? null : <span className="card-soft">{t('field.photo.insecure')}</span>
  return (
    <>
      <Button small look={quiet ? 'quiet' : 'plain'} icon="photo" onPress={() => input.current?.click()} data-testid={`photo-${task}`}>
        {t('field.photo.add')}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={acceptedTypes.join()}
        capture="environment"
        data-testid={`photo-input-${task}`}
        onChange={(event) => {
          setFile(event.target.files?.[0] ?? null)
          event.target.value = '' // the same picture may be chosen again
        }}
      />
      {file && <PhotoDialog task={task} file={file} onClose={() => setFile(null)} />}
    </>
  )
}
