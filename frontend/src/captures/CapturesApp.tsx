import { go, paths, usePlace } from '../app/router'
import { may, useSession } from '../app/session'
import { useLookKeys } from '../app/useLookKeys'
import { useText } from '../i18n'
import '../i18n/captures'
import { later } from '../ui/later'
import { Button } from '../ui/Button'
import { CaptureList } from './CaptureList'
import { IngestList } from './IngestList'
import { UploadPanel } from './UploadPanel'
import './captures.css'

const FlightsPage = later(() => import('./FlightsPage'))
const ComparePage = later(() => import('./ComparePage'))
const ModelsPage = later(() => import('./ModelsPage'))

/** What drones bring home: sent, checked, listed, compared. */
export default function CapturesApp() {
  const { t } = useText()
  const { path } = usePlace()
  const comparing = path === `${paths.captures}/compare`
  const planning = path === `${paths.captures}/flights`
  const training = path === `${paths.captures}/models`
  useLookKeys()
  const session = useSession()
  const sends = may(session, 'capture.upload')
  return (
    <div className="captures">
      <header className="captures-head">
        <Button icon="chevronLeft" onPress={() => go(paths.situation)} data-testid="captures-back">{t('captures.back')}</Button>
        <h1>{t('captures.title')}</h1>
        <nav className="captures-tabs" aria-label={t('captures.title')}>
          <button type="button" aria-current={comparing || planning || training ? undefined : 'page'} onClick={() => go(paths.captures)}>{t('captures.list')}</button>
          <button type="button" aria-current={comparing ? 'page' : undefined} onClick={() => go(`${paths.captures}/compare`)} data-testid="captures-compare">{t('captures.compare')}</button>
          <button type="button" aria-current={planning ? 'page' : undefined} onClick={() => go(`${paths.captures}/flights`)} data-testid="captures-flights">{t('captures.flights')}</button>
          {may(session, 'detection.intake') && <button type="button" aria-current={training ? 'page' : undefined} onClick={() => go(`${paths.captures}/models`)} data-testid="captures-models">{t('captures.models.tab')}</button>}
        </nav>
      </header>
      {training ? (
        <ModelsPage />
      ) : planning ? (
        <FlightsPage />
      ) : comparing ? (
        <ComparePage />
      ) : (
        <main className="captures-main">
          {sends && <UploadPanel />}
          {sends && <IngestList />}
          <CaptureList />
        </main>
      )}
    </div>
  )
}
