import type { ReactNode } from 'react'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notices'

/** A secret that was made just now. Nothing but the button closes it: nobody can read it again. */
export function SecretDialog({ title, hint, secret, onClose, children, testid }: { title: string; hint: string; secret: string; onClose: () => void; children?: ReactNode; testid: string }) {
  const { t } = useText()
  return (
    <Dialog open title={title} onClose={onClose} dismissable={false} wide testid={testid}>
      <div className="form">
        <p>{hint}</p>
        <code className="secret" data-testid="secret">
          {secret}
        </code>
        {children}
        <div className="dialog-foot">
          {navigator.clipboard && (
            <Button icon="copy" onPress={() => void navigator.clipboard.writeText(secret).then(() => notify('done', t('admin.copied')))}>
              {t('admin.copySecret')}
            </Button>
          )}
          <Button look="primary" onPress={onClose}>
            {t('app.close')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
