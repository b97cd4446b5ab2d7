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
import { askSession, fieldOnly, hasRole, useSessionState } from './session'

// The phone page loads neither the console nor the map.
const ConsoleApp = lazy(() => import('../console/ConsoleApp'))
const PreviewApp = lazy(() => import('../preview/PreviewApp'))
const ReviewApp = lazy(() => import('../review/ReviewApp'))
const HandoverApp = lazy(() => import('../handover/HandoverApp'))
const CitizenPage = lazy(() => import('../citizen/CitizenPage'))
const KioskPage = lazy(() => import('../kiosk/KioskPage'))
const SessionLost = later(() => import('../login/SessionLost'))
const FieldApp = lazy(() => import('../field/FieldApp'))
const FieldOffline = lazy(() => import('../field/FieldOffline'))

export function App() {
  const { t, locale } = useText()
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
  const onPreview = path === paths.preview || path.startsWith(`${paths.preview}/`)
  const belongsToField = session !== null && fieldOnly(session)

  useEffect(() => {
    if (!onKiosk && !onCitizen) void askSession()
  }, [onKiosk, onCitizen])
  useEffect(() => {
    if (belongsToField && !onField && !onPreview && path !== paths.review) go(paths.field, null)
  }, [belongsToField, onField, onPreview, path])

  if (onKiosk) return <KioskPage />
  if (onCitizen) return <CitizenPage />
  if (state.status === 'asking') return <Loading text={t('app.loading')} />
  if (state.status === 'failed' && onField) return <FieldOffline error={state.error} onRetry={() => void askSession()} />
  if (state.status === 'failed') return <Failure error={state.error} onRetry={() => void askSession()} />
  if (!session) return <LoginPage />
  return (
    <>
      {path.startsWith(paths.handover) ? <HandoverApp /> : path === paths.review ? <ReviewApp /> : onPreview ? <PreviewApp /> : onField || belongsToField ? <FieldApp isUnit={hasRole(session, 'unit')} /> : <ConsoleApp />}
      {state.status === 'lost' && <SessionLost login={state.session.user.login} />}
    </>
  )
}
