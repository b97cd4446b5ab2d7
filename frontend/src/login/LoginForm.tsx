import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { asApiError, errorText } from '../api/error'
import { logIn } from '../app/session'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { Icon } from '../ui/icons'

/** Name and password. `login` fixes the name: the person whose session was lost goes on with their own screen. */
export function LoginForm({ login: fixed }: { login?: string }) {
  const { t, has } = useText()
  const [login, setLogin] = useState(fixed ?? '')
  const [password, setPassword] = useState('')
  const [shown, setShown] = useState(false)
  const [caps, setCaps] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [missing, setMissing] = useState(false)
  const wait = useCountdown(error)
  const form = useRef<HTMLFormElement>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (busy || wait > 0) return
    setMissing(!login || !password)
    if (!login || !password) return
    setBusy(true)
    setError(null)
    try {
      await logIn(login.trim().toLowerCase(), password)
    } catch (wrong) {
      setError(wrong)
      setBusy(false)
      form.current?.querySelector<HTMLInputElement>('input[name="password"]')?.select()
    }
  }

  const watchCaps = (event: KeyboardEvent) => setCaps(event.getModifierState?.('CapsLock') ?? false)
  const code = error ? asApiError(error).code : null

  return (
    <form ref={form} className="login-form" onSubmit={submit} onKeyDown={watchCaps} onKeyUp={watchCaps} noValidate data-testid="login-form">
      <TextInput
        label={t('login.login')}
        name="login"
        autoComplete="username"
        spellCheck="false"
        maxLength={64}
        value={login}
        onChange={setLogin}
        isReadOnly={fixed !== undefined}
        autoFocus={fixed === undefined}
        error={missing && !login ? t('login.required') : undefined}
      />
      <TextInput
        label={t('login.password')}
        name="password"
        type={shown ? 'text' : 'password'}
        autoComplete="current-password"
        maxLength={200}
        value={password}
        onChange={setPassword}
        autoFocus={fixed !== undefined}
        error={missing && !password ? t('login.required') : undefined}
        suffix={<IconButton icon={shown ? 'eyeOff' : 'eye'} label={t(shown ? 'login.hide' : 'login.show')} onPress={() => setShown(!shown)} />}
        hint={
          caps && (
            <span className="login-caps" role="status">
              <Icon name="alert" size="1em" />
              {t('login.capsLock')}
            </span>
          )
        }
      />
      <div className="login-error" role="alert">
        {code && (
          <>
            <Icon name="alert" size="1.1em" />
            {code === 'unauthorized' ? t('login.wrong') : code === 'rate_limited' && wait > 0 ? t('login.wait', { seconds: wait }) : errorText(error, t, has)}
          </>
        )}
      </div>
      <Button type="submit" look="primary" isDisabled={busy || wait > 0}>
        {t(busy ? 'login.submitting' : 'login.submit')}
      </Button>
    </form>
  )
}

/** Seconds until the server takes another try. */
function useCountdown(error: unknown): number {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    const until = error ? Date.now() + (asApiError(error).body.retry_after_s ?? 0) * 1000 : 0
    const step = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)))
    step()
    if (until <= Date.now()) return
    const timer = setInterval(step, 500)
    return () => clearInterval(timer)
  }, [error])
  return left
}
