import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notices'
import { Failure } from '../ui/State'

interface ConfirmDialogProps {
  title: string
  hint: string
  /** What the button says. */
  action: string
  /** What is said when it is done. */
  done: string
  act: () => Promise<unknown>
  /** Of the list that is another one afterwards. */
  queryKey: QueryKey
  onClose: () => void
  testid: string
}

/** Asks before something that cannot be taken back is done. */
export function ConfirmDialog({ title, hint, action, done, act, queryKey, onClose, testid }: ConfirmDialogProps) {
  const { t } = useText()
  const client = useQueryClient()
  const acting = useMutation({
    mutationFn: act,
    onSuccess: () => {
      notify('done', done)
      void client.invalidateQueries({ queryKey })
      onClose()
    },
  })
  return (
    <Dialog open title={title} onClose={onClose} testid={testid}>
      <div className="form">
        <p>{hint}</p>
        {acting.error && <Failure compact error={acting.error} />}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button look="primary" isDisabled={acting.isPending} onPress={() => acting.mutate()}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
