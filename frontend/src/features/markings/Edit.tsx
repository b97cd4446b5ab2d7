import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useText } from '../../i18n'
import { moment } from '../../lib/time'
import type { Row } from '../../live/store'
import { drawableOf } from '../../map/markings/scene'
import { kinds } from '../../map/markings/kinds'
import { Button, IconButton } from '../../ui/Button'
import { Choice } from '../../ui/Choice'
import { KindSign } from './KindSign'
import { type Content, type Marking, actsQuery, removeIt } from './queries'

interface EditProps {
  id: number
  /** As the drawing has it; undefined before it was read. */
  marking: Marking | undefined
  row: Row
  onSave: (what: Partial<Content>) => Promise<void>
  onRemoved: () => void
  onClose: () => void
  onFailed: (error: unknown) => void
}

/** What is known of one marking, and what may be changed of it beside its points. */
export function Edit({ id, marking, row, onSave, onRemoved, onClose, onFailed }: EditProps) {
  const { t, locale } = useText()
  const seen = drawableOf(row)
  const { shape, form } = kinds[seen.kind]
  const locked = row.locked === true
  const may = marking?.editable === true
  const free = may && !locked
  const [acts, setActs] = useState(false)
  const remove = () => void removeIt(id, Number(row.revision)).then(onRemoved, onFailed)
  const author = String(row.author)
  return (
    <section className="marking-edit" aria-label={t(`marking.kind.${seen.kind}`)} data-testid="marking-edit">
      <header>
        <KindSign kind={seen.kind} />
        <h3>{t(`marking.kind.${seen.kind}`)}</h3>
        {may && <IconButton icon={locked ? 'lock' : 'unlock'} label={t(locked ? 'marking.unlock' : 'marking.lock')} pressed={locked} onPress={() => void onSave({ locked: !locked })} data-testid="marking-lock" />}
        <IconButton icon="close" label={t('marking.done')} shortcut="Esc" onPress={onClose} />
      </header>
      {!may && marking && <p className="marking-note">{t('marking.notYours', { author })}</p>}
      <Kept label={t(form === 'text' ? 'marking.text' : 'marking.label')} value={seen.label} most={40} free={free} testid="marking-label" onKeep={(label) => onSave({ label })} />
      <Kept label={t('marking.note')} value={String(row.note ?? '')} most={500} free={free} onKeep={(note) => onSave({ note })} />
      <Choice wide label={t('marking.standingHint')} all={['planned', 'actual'] as const} chosen={seen.standing} onChoose={(standing) => void onSave({ standing })} disabled={!free} testid="edit">
        {(one) => t(`marking.standing.${one}`)}
      </Choice>
      {(shape === 'point' || form === 'attack' || form === 'route' || form === 'arrow') && (
        <Range label={t(shape === 'point' ? 'marking.size' : 'marking.width')} value={seen.size} least={0.5} most={3} step={0.25} free={free} onKeep={(size) => onSave({ size })} />
      )}
      {form === 'sign' && <Range label={t('marking.rotation')} value={seen.rotation_deg} least={0} most={360} step={5} free={free} onKeep={(rotation_deg) => onSave({ rotation_deg })} />}
      {shape === 'point' && <Range label={t('marking.radius')} value={seen.radius_m} least={0} most={2000} step={50} free={free} onKeep={(radius_m) => onSave({ radius_m })} />}
      {free && <p className="marking-note">{t('marking.move')}</p>}
      <p className="marking-note">
        {t('marking.by', { author, time: moment(String(row.created_at), locale) })}
        {Number(row.revision) > 1 && ` · ${t('marking.changedBy', { editor: row.editor, time: moment(String(row.updated_at), locale) })}`}
      </p>
      <div className="marking-buttons">
        {free && (
          <Button small look="danger" onPress={remove} data-testid="marking-remove">
            {t('marking.remove')}
          </Button>
        )}
        <Button small look="quiet" icon="clock" aria-expanded={acts} onPress={() => setActs(!acts)}>
          {t('marking.acts')}
        </Button>
      </div>
      {acts && <Acts id={id} revision={Number(row.revision)} />}
    </section>
  )
}

/** A text that is kept when the person leaves it or presses Enter; what another wrote meanwhile is shown where nobody types. */
function Kept({ label, value, most, free, testid, onKeep }: { label: string; value: string; most: number; free: boolean; testid?: string; onKeep: (text: string) => Promise<void> }) {
  const [text, setText] = useState<string | null>(null)
  const keep = () => {
    if (text !== null && text.trim() !== value) void onKeep(text.trim())
    setText(null)
  }
  return (
    <label className="marking-field">
      <span>{label}</span>
      <input className="marking-input" value={text ?? value} maxLength={most} disabled={!free} onChange={(event) => setText(event.target.value)} onBlur={keep} onKeyDown={(event) => { if (event.key === 'Enter' && !event.nativeEvent.isComposing) keep() }} data-testid={testid} />
    </label>
  )
}

/** A number by a slider, kept when it is let go. */
function Range({ label, value, least, most, step, free, onKeep }: { label: string; value: number; least: number; most: number; step: number; free: boolean; onKeep: (n: number) => Promise<void> }) {
  const [now, setNow] = useState<number | null>(null)
  const keep = () => {
    if (now !== null && now !== value) void onKeep(now)
    setNow(null)
  }
  return (
    <label className="marking-field">
      <span>{label}</span>
      <input type="range" min={least} max={most} step={step} value={now ?? value} disabled={!free} onChange={(event) => setNow(event.target.valueAsNumber)} onPointerUp={keep} onKeyUp={keep} onBlur={keep} />
      <output>{now ?? value}</output>
    </label>
  )
}

function Acts({ id, revision }: { id: number; revision: number }) {
  const { t, locale } = useText()
  const acts = useQuery(actsQuery(id, revision))
  return (
    <ol className="marking-acts" data-testid="marking-acts">
      {(acts.data ?? []).map((act) => (
        <li key={act.id}>
          <time>{moment(act.at, locale)}</time> {act.by} {t(`marking.deed.${act.deed}`, { what: '' })}
          {act.undone && t('marking.undone')}
        </li>
      ))}
    </ol>
  )
}
