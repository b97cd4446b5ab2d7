import { asApiError, type ApiError } from '../../api/error'
import type { IncidentDetail } from '../../api/types'
import { useText } from '../../i18n'
import { clock } from '../../lib/time'
import { IconButton } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { logText } from './logText'

/** What a refused step knows of the change that came first. */
export interface ConflictSeen {
  error: ApiError
  /** The case's log as it is now. */
  log: IncidentDetail['log']
}

export const isConflict = (error: unknown) => asApiError(error).code === 'conflict'

/** Says plainly that nothing was done, who came first and when. What is around it is fresh already. */
export function Conflict({ seen, onClose }: { seen: ConflictSeen; onClose: () => void }) {
  const { t, has, locale } = useText()
  const { reason, params = {} } = seen.error.body
  const last = seen.log.at(-1)
  let text: string
  if (reason && reason !== 'stale_revision' && params.unit) {
    text = t('conflict.unit', { unit: params.unit, status: has(`state.unit.${params.status}`) ? t(`state.unit.${params.status}`) : '', why: has(`error.reason.${reason}`) ? t(`error.reason.${reason}`) : '' })
  } else if (last) {
    text = t('conflict.by', { who: params.by || last.actor_name, time: clock(params.at || last.receive_time, locale), what: logText(last, t, has) })
  } else {
    text = t('conflict.unknown')
  }
  return (
    <div className="conflict" role="alert" data-testid="conflict">
      <Icon name="alert" />
      <div>
        <p className="conflict-title">{t('conflict.title')}</p>
        <p>{text}</p>
      </div>
      <IconButton icon="close" label={t('app.close')} onPress={onClose} />
    </div>
  )
}
