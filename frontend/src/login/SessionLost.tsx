import { logOut, useSessionState } from '../app/session'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { LoginForm } from './LoginForm'
import './login.css'

/** The log-in over a screen that stays as it is. */
export function SessionLost() {
  const { t } = useText()
  const state = useSessionState()
  if (state.status !== 'lost') return null
  return (
    <Dialog open title={t('login.lostTitle')} dismissable={false} onClose={() => undefined} testid="session-lost">
      <p className="login-lost">{t('login.lostDetail')}</p>
      <LoginForm login={state.session.user.login} />
      <Button look="quiet" onPress={() => void logOut()}>
        {t('login.switchUser')}
      </Button>
    </Dialog>
  )
}
