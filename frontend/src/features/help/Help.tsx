import { actions } from '../../actions'
import { keyNames } from '../../actions/keyboard'
import { tour } from '../../actions/tour'
import { actionGroups } from '../../actions/types'
import { useActionContext } from '../../actions/useActions'
import { change } from '../../app/workbench'
import { useText } from '../../i18n'
import { Dialog } from '../../ui/Dialog'
import { Button, Key } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import './help.css'

/** The sheet of shortcuts, made from the actions themselves. */
export default function Help() {
  const { t } = useText()
  const context = useActionContext()
  return (
    <Dialog open onClose={() => change({ help: false })} title={t('help.title')} wide testid="help">
      <div className="help">
        {actionGroups.map((group) => (
          <section key={group}>
            <h3 className="help-group">{t(`help.group.${group}`)}</h3>
            <ul>
              {actions
                .filter((action) => action.group === group && (action.chord ?? action.keys[0]))
                .map((action) => (
                  <li key={action.name} className="help-row">
                    <Icon name={action.icon} />
                    <span>{t(action.label)}</span>
                    <span className="help-keys">
                      {keyNames(action).map((key) => (
                        <Key key={key}>{key}</Key>
                      ))}
                    </span>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
      <footer className="help-foot">
        <p className="help-note">{t('help.note')}</p>
        {tour.when(context) && (
          <Button small icon={tour.icon} onPress={() => tour.perform(context)} data-testid="open-tour">
            {t(tour.label)}
          </Button>
        )}
      </footer>
    </Dialog>
  )
}
