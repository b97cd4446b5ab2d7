import { useText } from '../i18n'
import '../i18n/citizen'
import { ScreenSwitches } from '../login/LoginPage'
import { Mark } from '../ui/icons'
import { Tell } from './Tell'
import { Track } from './Track'
import './citizen.css'

/** The citizens' page: telling of something, and asking what became of it. Nobody signs in here. */
export default function CitizenPage() {
  const { t } = useText()
  return (
    <main className="citizen" data-testid="citizen">
      <header className="citizen-head">
        <h1>
          <Mark size="1.6rem" />
          {t('citizen.title')}
        </h1>
        <span className="citizen-tools">
          <ScreenSwitches />
        </span>
      </header>
      <p className="citizen-county">{t('citizen.county')}</p>
      <p className="citizen-urgent">{t('citizen.urgent')}</p>
      <Tell />
      <Track />
    </main>
  )
}
