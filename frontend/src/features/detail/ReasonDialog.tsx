import { useState } from 'react'
import { useText } from '../../i18n'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextInput } from '../../ui/Field'

/** Asks why, before a step that must say it. */
export default function ReasonDialog({ title, confirm, onConfirm, onClose, busy, label, hint }: { title: string; confirm: string; onConfirm: (reason: string) => void; onClose: () => void; busy: boolean; label?: string; hint?: string }) {
  const { t } = useText()
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  return (
    <Dialog open title={title} onClose={onClose} testid="reason-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (reason.trim() && !busy) onConfirm(reason.trim())
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit()
        }}
      >
        <TextInput
          label={label ?? t('moves.reason')}
          placeholder={hint}
          rows={4}
          value={reason}
          onChange={setReason}
          maxLength={2000}
          autoFocus
          isRequired
          error={tried && !reason.trim() ? t('moves.reasonRequired') : undefined}
        />
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={busy}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
