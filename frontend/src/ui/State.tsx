import type { ReactNode } from 'react'
import { asApiError, errorText } from '../api/error'
import { useText } from '../i18n'
import { Button } from './Button'
import { Icon, type IconName } from './icons'
import './state.css'

/** What stands where there is nothing: why, and what happens next. */
export function Empty({ icon, title, detail, children }: { icon: IconName; title: string; detail?: string; children?: ReactNode }) {
  return (
    <div className="blank">
      <Icon name={icon} size="2rem" />
      <p className="blank-title">{title}</p>
      {detail && <p className="blank-detail">{detail}</p>}
      {children}
    </div>
  )
}

/** An answer is on its way. Appears only after a moment, so that fast answers do not flicker. */
export function Loading({ text }: { text: string }) {
  return (
    <div className="blank blank-loading" role="status">
      <span className="loading-bar" aria-hidden="true" />
      <p className="blank-detail">{text}</p>
    </div>
  )
}

/** What went wrong in the reader's language, the request's number for the administrator, and a way on. */
export function Failure({ error, title, onRetry, compact }: { error: unknown; title?: string; onRetry?: () => void; compact?: boolean }) {
  const { t, has } = useText()
  const id = asApiError(error).body.request_id
  return (
    <div className={compact ? 'failure failure-compact' : 'failure'} role="alert">
      <Icon name="alert" />
      <div className="failure-text">
        {title && <p className="failure-title">{title}</p>}
        <p>{errorText(error, t, has)}</p>
        {id && <p className="failure-id">{t('error.requestId', { id })}</p>}
      </div>
      {onRetry && (
        <Button small onPress={onRetry}>
          {t('app.retry')}
        </Button>
      )}
    </div>
  )
}
