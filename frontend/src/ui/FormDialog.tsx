import type { ReactNode } from 'react'
import { asApiError } from '../api/error'
import { useText } from '../i18n'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { Failure } from './State'

interface FormDialogProps {
  title: string
  testid: string
  /** What the last try came to. A lost session has its own screen. */
  error: Error | null
  /** The error is shown at its field already. */
  told: boolean
  isPending: boolean
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** A form over the page: fields, what went wrong, cancel and save. */
export function FormDialog({ title, testid, error, told, isPending, onSubmit, onClose, children }: FormDialogProps) {
  const { t } = useText()
  return (
    <Dialog open title={title} onClose={onClose} testid={testid}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit()
        }}
        autoComplete="off"
        noValidate
      >
        {children}
        {error && !told && asApiError(error).code !== 'unauthorized' && <Failure compact error={error} />}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={isPending}>
            {t('app.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
