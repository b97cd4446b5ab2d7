import { Switch } from 'react-aria-components'
import { useText } from '../i18n'

/** Whether something is offered still. */
export function InUse({ retired, hint, onChange }: { retired: boolean; hint: string; onChange: (retired: boolean) => void }) {
  const { t } = useText()
  return (
    <div className="field">
      <Switch className="switch" isSelected={!retired} onChange={(inUse) => onChange(!inUse)}>
        <span className="switch-track" aria-hidden="true" />
        {t(retired ? 'dictionary.retired' : 'dictionary.offered')}
      </Switch>
      <div className="field-hint">{hint}</div>
    </div>
  )
}
