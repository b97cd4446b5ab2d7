import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'

/** Logging out would lose what was not sent: somebody has to want that. */
export function LogOut({ unsent, onLeave, onStay }: { unsent: number; onLeave: () => void; onStay: () => void }) {
  const { t } = useText()
  return (
    <Dialog open title={t('field.logoutTitle', { n: unsent })} onClose={onStay} testid="field-logout">
      <p>{t('field.logoutText')}</p>
      <div className="dialog-foot">
        <Button onPress={onStay} autoFocus>
          {t('app.cancel')}
        </Button>
        <Button look="danger" onPress={onLeave} data-testid="field-logout-anyway">
          {t('field.logoutAnyway')}
        </Button>
      </div>
    </Dialog>
  )
}
