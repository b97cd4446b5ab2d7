import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { api, take } from '../api/client'
import { queryClient } from '../api/queries'
import { errorText } from '../api/error'
import { useSession } from '../app/session'
import { useText } from '../i18n'
import '../i18n/control'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import './ptz.css'
import { Turner, turnOf, turns, type Turn } from './turner'
import { useControl } from './useControl'

/** The eight directions and, in their middle, the stop; in the order of reading. */
const pad = [
  ['upLeft', -1, 1], ['up', 0, 1], ['upRight', 1, 1],
  ['left', -1, 0], ['stop', 0, 0], ['right', 1, 0],
  ['downLeft', -1, -1], ['down', 0, -1], ['downRight', 1, -1],
] as const
const speeds = { slow: 0.15, middle: 0.4, fast: 1 }
/** How long a press lasts that has no length: a screen reader's. */
const NUDGE_MS = 300
const OTHER = 'other'

/** Buttons that turn a camera for as long as they are held, and take it to its presets; by arrows and + − while `host`, the picture, has the focus. */
export default function Ptz({ id, host }: { id: number; host: RefObject<HTMLElement | null> }) {
  const { t, has } = useText()
  const me = useSession().user.id
  const { by } = useControl(id, true, true)
  const [speed, setSpeed] = useState<keyof typeof speeds>('middle')
  const [error, setError] = useState<unknown>(null)
  const [turning, setTurning] = useState(false)
  const fast = useRef(0)
  fast.current = speeds[speed]
  const turner = useRef<Turner>(null)
  const hold = (turn: Turn) => {
    setError(null)
    setTurning(true)
    turner.current?.hold(turn)
  }
  const release = () => {
    setTurning(false)
    turner.current?.release()
  }

  useEffect(() => {
    // What is sent last goes out even while the page goes away.
    const mine = (turner.current = new Turner(
      (body) => take(api.POST('/api/cameras/{id}/control', { params: { path: { id } }, body, keepalive: true, parseAs: 'text' })).then(() => undefined),
      (error) => {
        setTurning(false)
        setError(error)
      },
    ))
    const keys = new Set<string>()
    const stop = () => {
      keys.clear()
      setTurning(false)
      mine.release()
    }
    const follow = () => {
      const turn = turnOf(keys, fast.current)
      if (!turn) {
        setTurning(false)
        return mine.release()
      }
      setError(null)
      setTurning(true)
      mine.hold(turn)
    }
    const down = (event: KeyboardEvent) => {
      if (!turns(event.key) || event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).closest('input, [role=listbox], [role=dialog], .ptz-presets')) return
      event.preventDefault()
      event.stopPropagation()
      if (event.repeat) return
      keys.add(event.key)
      follow()
    }
    const up = (event: KeyboardEvent) => {
      if (keys.delete(event.key)) follow()
    }
    const left = (event: FocusEvent) => {
      if (!(event.relatedTarget instanceof Node && box?.contains(event.relatedTarget))) stop()
    }
    const hidden = () => document.visibilityState === 'hidden' && stop()
    const box = host.current
    if (box) box.dataset.turns = ''
    const gone = new AbortController()
    const { signal } = gone
    box?.addEventListener('keydown', down, { signal })
    box?.addEventListener('focusout', left, { signal })
    window.addEventListener('keyup', up, { signal, capture: true })
    window.addEventListener('blur', stop, { signal })
    window.addEventListener('pagehide', stop, { signal })
    document.addEventListener('visibilitychange', hidden, { signal })
    return () => {
      gone.abort()
      stop()
      if (box) delete box.dataset.turns
    }
  }, [id, host])

  const held = (turn: Turn, label: string, sign: React.ReactNode, testid: string) => (
    <AriaButton
      key={testid}
      className="ptz-button"
      aria-label={label}
      data-testid={testid}
      onPressStart={({ pointerType }) => {
        hold(turn)
        if (pointerType === 'virtual') window.setTimeout(release, NUDGE_MS)
      }}
      onPressEnd={({ pointerType }) => pointerType !== 'virtual' && release()}
      onContextMenu={(event: React.MouseEvent) => event.preventDefault()} // a long touch is no question
    >
      {sign}
    </AriaButton>
  )
  return (
    <section className="ptz" aria-label={t('control.title')} data-testid="ptz" data-turning={turning || undefined}>
      <div className="ptz-pad" role="group" aria-label={t('control.pad')}>
        {pad.map(([name, x, y]) =>
          name === 'stop' ? (
            <AriaButton key={name} className="ptz-button ptz-stop" aria-label={t('control.stop')} data-testid="ptz-stop" onPress={() => void take(api.POST('/api/cameras/{id}/control', { params: { path: { id } }, body: { command: 'stop' }, parseAs: 'text' })).catch(setError)}>
              <svg viewBox="0 0 20 20" width="1em" height="1em" aria-hidden="true">
                <rect x="4" y="4" width="12" height="12" fill="currentColor" />
              </svg>
            </AriaButton>
          ) : (
            held(
              { pan: x * speeds[speed], tilt: y * speeds[speed], zoom: 0 },
              t(`control.${name}`),
              <svg viewBox="-10 -10 20 20" width="1.1em" height="1.1em" aria-hidden="true">
                <path d="M0-7 6 5H-6Z" fill="currentColor" transform={`rotate(${(Math.atan2(x, y) * 180) / Math.PI})`} />
              </svg>,
              `ptz-${name}`,
            )
          ),
        )}
      </div>
      <div className="ptz-side">
        <div className="ptz-row" role="group" aria-label={t('control.zoom')}>
          <span className="ptz-label">{t('control.zoom')}</span>
          {held({ pan: 0, tilt: 0, zoom: -speeds[speed] }, t('control.farther'), '−', 'ptz-farther')}
          {held({ pan: 0, tilt: 0, zoom: speeds[speed] }, t('control.nearer'), '+', 'ptz-nearer')}
        </div>
        <div className="ptz-row" role="group" aria-label={t('control.speed')}>
          <span className="ptz-label">{t('control.speed')}</span>
          {(Object.keys(speeds) as (keyof typeof speeds)[]).map((name) => (
            <button key={name} type="button" className="ptz-button ptz-speed" aria-pressed={name === speed} onClick={() => setSpeed(name)}>
              {t(`control.${name}`)}
            </button>
          ))}
        </div>
        <p className="ptz-state" role="status">
          {turning ? <strong>● {t('control.moving')}</strong> : by && by.user_id !== me ? <strong className="ptz-other">▲ {t('control.by', { name: by.name })}</strong> : null}
        </p>
      </div>
      <Presets id={id} onFailed={setError} />
      {error ? (
        <p className="ptz-error" role="alert" data-testid="ptz-error">
          ✕ {errorText(error, t, has)}
        </p>
      ) : (
        <p className="ptz-hint">{t('control.hint')}</p>
      )}
    </section>
  )
}

/** The presets that the registry names, and any other that the device may have. */
function Presets({ id, onFailed }: { id: number; onFailed: (error: unknown) => void }) {
  const { t } = useText()
  const kept = useQuery({ queryKey: ['presets', id, 'names'], queryFn: async () => (await take(api.GET('/api/cameras/{id}/presets', { params: { path: { id } } }))).items })
  const known = kept.data ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const [typed, setTyped] = useState('1')
  const [saving, setSaving] = useState(false)
  const choice = chosen ?? String(known[0]?.number ?? OTHER)
  const preset = Number(choice === OTHER ? typed : choice)
  const wrong = !Number.isInteger(preset) || preset < 1 || preset > 255
  const tell = async (command: 'preset_go' | 'preset_set') => {
    onFailed(null)
    await take(api.POST('/api/cameras/{id}/control', { params: { path: { id } }, body: { command, preset }, parseAs: 'text' }))
    void queryClient.invalidateQueries({ queryKey: ['control', id] })
  }
  const go = useMutation({ mutationFn: () => tell('preset_go'), onSuccess: () => notify('done', t('control.gone', { n: preset })), onError: onFailed })
  const save = useMutation({
    mutationFn: () => tell('preset_set'),
    onSuccess: () => {
      notify('done', t('control.saved', { n: preset }))
      setSaving(false)
    },
  })
  return (
    <div className="ptz-presets">
      <Select
        label={t('control.preset')}
        testid="ptz-preset"
        value={choice}
        onChange={setChosen}
        choices={[...known.map(({ number, name }) => ({ id: String(number), text: `${number} ${name}` })), { id: OTHER, text: t('control.other') }]}
      />
      {choice === OTHER && <TextInput label={t('control.number')} value={typed} onChange={setTyped} maxLength={3} inputMode="numeric" data-testid="ptz-number" />}
      <div className="ptz-row">
        <Button small isDisabled={wrong || go.isPending} onPress={() => go.mutate()} data-testid="ptz-go">
          {t('control.go')}
        </Button>
        <Button small isDisabled={wrong} onPress={() => setSaving(true)} data-testid="ptz-save">
          {t('control.save')}
        </Button>
      </div>
      {saving && (
        <FormDialog title={t('control.saveTitle', { n: preset })} testid="ptz-saving" error={save.error} told={false} isPending={save.isPending} onSubmit={() => save.mutate()} onClose={() => setSaving(false)}>
          <p>{t('control.saveHint', { n: preset })}</p>
        </FormDialog>
      )}
    </div>
  )
}
