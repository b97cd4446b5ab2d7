import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { I18nProvider } from 'react-aria-components'
import { queryClient } from '../api/queries'
import { useText } from '../i18n'
import { LoginPage } from '../login/LoginPage'
import { Failure, Loading } from '../ui/State'
import { Boundary } from '../ui/Boundary'
import { later } from '../ui/later'
import { Notices } from '../ui/notices'
import { go, paths, usePlace } from './router'
import { allows, askSession, fieldOnly, useSessionState } from './session'

// The phone page loads neither the console nor the map.
const ConsoleApp = lazy(() => import('../console/ConsoleApp'))
const PreviewApp = lazy(() => import('../preview/PreviewApp'))
const ReviewApp = lazy(() => import('../review/ReviewApp'))
const HandoverApp = lazy(() => import('../handover/HandoverApp'))
const VerdictApp = lazy(() => import('../verdict/VerdictApp'))
const CapturesApp = lazy(() => import('../captures/CapturesApp'))
const WallScreen = lazy(() => import('../wall/WallScreen'))
const WallsApp = lazy(() => import('../wall/WallsApp'))
const CitizenPage = lazy(() => import('../citizen/CitizenPage'))
const PosterPage = lazy(() => import('../citizen/PosterPage'))
const KioskPage = lazy(() => import('../kiosk/KioskPage'))
const Elsewhere = later(() => import('../features/palette/Elsewhere'))
const SessionLost = later(() => import('../login/SessionLost'))
const FieldApp = lazy(() => import('../field/FieldApp'))
const FieldOffline = lazy(() => import('../field/FieldOffline'))

export function App() {
  const { t, locale } = useText()
  useEffect(() => void (document.title = t('app.name')), [t])
  return (
    <QueryClientProvider client={queryClient}>
      <I18nProvider locale={locale === 'zh' ? 'zh-CN' : 'en-GB'}>
        <Boundary>
          <Suspense fallback={<Loading text={t('app.loading')} />}>
            <Gate />
          </Suspense>
        </Boundary>
        <Notices />
      </I18nProvider>
    </QueryClientProvider>
  )
}

/** Nobody passes without a session. A lost session keeps its screen, with the log-in over it. */
function Gate() {
  const { t } = useText()
  const state = useSessionState()
  const { path } = usePlace()
  const session = state.status === 'in' || state.status === 'lost' ? state.session : null
  const onField = path === paths.field || path.startsWith(`${paths.field}/`)
  const onKiosk = path === paths.kiosk
  const onCitizen = path === paths.citizen
  const onPoster = path === paths.poster
  const onPreview = path === paths.preview || path.startsWith(`${paths.preview}/`)
  const belongsToField = session !== null && fieldOnly(session)

  useEffect(() => {
    if (!onKiosk && !onCitizen && !onPoster) void askSession()
  }, [onKiosk, onCitizen, onPoster])
  useEffect(() => {
    if (belongsToField && !onField && !onPreview && path !== paths.review && !path.startsWith(paths.captures)) go(paths.field, null)
  }, [belongsToField, onField, onPreview, path])

  if (onKiosk) return <KioskPage />
  if (onCitizen) return <CitizenPage />
  if (onPoster) return <PosterPage />
  if (state.status === 'asking') return <Loading text={t('app.loading')} />
  if (state.status === 'failed' && onField) return <FieldOffline error={state.error} onRetry={() => void askSession()} />
  if (state.status === 'failed') return <Failure error={state.error} onRetry={() => void askSession()} />
  if (!session) return <LoginPage />
  if (path === paths.situation && new URLSearchParams(location.search).has('wall')) return <WallScreen />
  const elsewhere = path === paths.walls || path.startsWith(paths.handover) || path === paths.verdicts || path.startsWith(paths.captures) || path === paths.review || onPreview
  return (
    <>
      {elsewhere && !belongsToField && <Elsewhere />}
      {path === paths.walls ? <WallsApp /> : path.startsWith(paths.handover) ? <HandoverApp /> : path === paths.verdicts ? <VerdictApp /> : path.startsWith(paths.captures) ? <CapturesApp /> : path === paths.review ? <ReviewApp /> : onPreview ? <PreviewApp /> : onField || belongsToField ? <FieldApp isUnit={allows(session, 'task.work')} /> : <ConsoleApp />}
      {state.status === 'lost' && <SessionLost login={state.session.user.login} />}
    </>
  )
}
