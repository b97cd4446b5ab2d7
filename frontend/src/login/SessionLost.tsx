import { logOut } from '../app/session'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { LoginForm } from './LoginForm'
import './login.css'

/** The log-in over a screen that stays as it is. */
export default function SessionLost({ login }: { login: string }) {
  const { t } = useText()
  return (
    <Dialog open title={t('login.lostTitle')} dismissable={false} onClose={() => undefined} testid="session-lost">
      <p className="login-lost">{t('login.lostDetail')}</p>
      <LoginForm login={login} />
      <Button look="quiet" onPress={() => void logOut()}>
        {t('login.switchUser')}
      </Button>
    </Dialog>
  )
}
