import { useEffect, useState } from 'react'
import '../../i18n/notify'
import { useText } from '../../i18n'
import { useStore } from '../../lib/store'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { notify } from '../../ui/notices'
import './push.css'
import { reach, readReach, switchOff, switchOn } from './browser'

/** Whether this phone or browser notifies, how far that reaches, and the switch. */
export default function PushSwitch() {
  const { t } = useText()
  const state = useStore(reach)
  const [busy, setBusy] = useState(false)
  useEffect(() => void readReach(), [])
  if (state === 'unknown') return null
  const on = state === 'push' || state === 'open'
  const press = () => {
    setBusy(true)
    void (on ? switchOff() : switchOn()).catch(() => notify('wrong', t('push.failed'))).finally(() => setBusy(false))
  }
  return (
    <div className="push-switch" data-testid="push-switch" data-state={state}>
      <Icon name={on ? 'bell' : 'bellOff'} />
      <span className="push-text" role="status">
        {t(`push.${state}`)}
      </span>
      {(on || state === 'off') && (
        <Button small look={on ? 'quiet' : 'plain'} isDisabled={busy} onPress={press} aria-pressed={on} data-testid="push-press">
          {t(on ? 'push.switchOff' : 'push.switchOn')}
        </Button>
      )}
    </div>
  )
}
