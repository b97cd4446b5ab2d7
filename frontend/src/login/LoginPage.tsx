import { otherLocale, otherTheme, settings } from '../app/settings'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { Button, IconButton } from '../ui/Button'
import { Mark } from '../ui/icons'
import { LoginForm } from './LoginForm'
import { TowerPlan } from './TowerPlan'
import './login.css'

export function LoginPage() {
  const { t } = useText()
  return (
    <main className="login">
      <div className="login-plan">
        <TowerPlan />
      </div>
      <section className="login-panel" aria-labelledby="login-name">
        <div className="login-tools">
          <ScreenSwitches />
        </div>
        <div className="login-body">
          <h1 id="login-name" className="login-name">
            <Mark size="2.2rem" />
            {t('app.name')}
          </h1>
          <p className="login-tagline">{t('app.tagline')}</p>
          <LoginForm />
        </div>
      </section>
    </main>
  )
}

/** Theme and language, for pages outside the console. */
export function ScreenSwitches() {
  const { t, locale } = useText()
  const { theme } = useStore(settings)
  return (
    <>
      <IconButton icon="contrast" label={t(theme === 'dark' ? 'settings.toLight' : 'settings.toDark')} onPress={otherTheme} />
      <Button look="quiet" icon="language" onPress={otherLocale}>
        {locale === 'zh' ? 'English' : '中文'}
      </Button>
    </>
  )
}
