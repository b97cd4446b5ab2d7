import { useState } from 'react'
import { errorText } from '../api/error'
import { textOr, useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { TextInput } from '../ui/Field'

/** What was done, or why the task goes back: asked for before the step. */
export function SayWhy({ move, busy, error, onSay, onClose }: { move: string; busy: boolean; error: unknown; onSay: (reason: string) => void; onClose: () => void }) {
  const { t, has } = useText()
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const done = move === 'done' || move === 'conclude'
  const missing = tried && !text.trim() ? t('moves.reasonRequired') : undefined
  return (
    <Dialog open title={textOr(t, has, `move.field.${move}`, move)} onClose={onClose} testid="say-why">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (text.trim() && !busy) onSay(text.trim())
        }}
      >
        <TextInput label={t(done ? 'moves.result' : 'moves.reason')} placeholder={t(done ? 'field.resultHint' : 'field.returnHint')} rows={5} maxLength={2000} value={text} onChange={setText} autoFocus isRequired error={missing ?? (error ? errorText(error, t, has) : undefined)} />
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={busy} data-testid="say-why-confirm">
            {t(busy ? 'field.pending' : done ? 'field.confirmDone' : 'field.confirmReturn')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
