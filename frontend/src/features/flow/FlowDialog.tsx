import { type ReactNode, useState } from 'react'
import { useText } from '../../i18n'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextInput } from '../../ui/Field'
import { Choose } from './Choose'
import type { Limit } from './flowQuery'

export interface Said {
  reason: string
  limit?: Limit
}

interface Props {
  title: string
  label: string
  confirm: string
  /** The reason has to be given. */
  needed: boolean
  /** A length of time is asked for, beginning with this one; its kind may be chosen where there is no `most`. */
  limit?: Limit
  most?: number
  busy: boolean
  children?: ReactNode
  onSay: (said: Said) => void
  onClose: () => void
}

const kinds = ['work_hour', 'work_day', 'urgent_hour', 'natural_day'] as const

/** Asks why, and where it is about time for how long. */
export function FlowDialog({ title, label, confirm, needed, limit, most, busy, children, onSay, onClose }: Props) {
  const { t } = useText()
  const [reason, setReason] = useState('')
  const [amount, setAmount] = useState(String(limit?.amount ?? ''))
  const [kind, setKind] = useState<Limit['kind']>(limit?.kind ?? 'work_hour')
  const [tried, setTried] = useState(false)
  const n = Number(amount.replace(',', '.'))
  const wrong = !!limit && !(n >= 0.05 && n <= (most ?? 8784))
  const missing = needed && !reason.trim()
  return (
    <Dialog open title={title} onClose={onClose} testid="flow-dialog">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (!missing && !wrong && !busy) onSay({ reason: reason.trim(), limit: limit ? { kind, amount: n } : undefined })
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit()
        }}
        noValidate
      >
        {children}
        {limit && (
          <div className="flow-pair">
            <TextInput label={t('flow.amount')} name="amount" inputMode="decimal" value={amount} onChange={setAmount} error={tried && wrong ? `0.05 – ${most ?? 8784}` : undefined} />
            {most === undefined ? (
              <Choose label={t('flow.kindOf')} value={kind} choices={kinds.map((id) => ({ id, text: t(`flow.unit.${id}`) }))} onChange={(id) => setKind(id as Limit['kind'])} />
            ) : (
              <span className="flow-unit">{t(`flow.unit.${kind}`)}</span>
            )}
          </div>
        )}
        <TextInput label={label} name="reason" rows={4} value={reason} onChange={setReason} maxLength={2000} autoFocus isRequired={needed} error={tried && missing ? t('moves.reasonRequired') : undefined} />
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={busy} data-testid="flow-confirm">
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
