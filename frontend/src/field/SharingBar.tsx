import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { useSharing } from './useSharing'

const texts = { waiting: 'field.shareWaits', on: 'field.sharing', unsent: 'field.shareUnsent', off_duty: 'field.shareOffDuty', failed: 'field.shareFailed' } as const

/** Whether this phone tells where it is. As long as it does, that stands here, with what ends it. */
export function SharingBar() {
  const { t } = useText()
  const { state, start, stop } = useSharing()
  const active = state === 'waiting' || state === 'on' || state === 'unsent'
  return (
    <div className={`sharing${active ? ' sharing-on' : ''}`} data-testid="sharing" data-state={state}>
      {state !== 'off' && (
        <span className="sharing-text" role="status">
          <Icon name={active ? 'coordinate' : 'alert'} />
          {t(texts[state])}
        </span>
      )}
      <Button small look={active ? 'danger' : 'quiet'} icon={active ? 'close' : 'coordinate'} onPress={active ? stop : start} data-testid={active ? 'share-stop' : 'share-start'}>
        {t(active ? 'field.shareStop' : 'field.shareStart')}
      </Button>
    </div>
  )
}
