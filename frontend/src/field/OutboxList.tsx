import { textOr, useText } from '../i18n'
import { errorText } from '../api/error'
import { ApiError } from '../api/error'
import { clock, moment } from '../lib/time'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { type Item, pending, percent } from './outbox/items'
import { useItems, useOutbox } from './useOutbox'

/** What of one task waits, is on its way, has arrived, or was refused. Steps that have arrived show in the task itself. */
export function OutboxList({ task }: { task: number }) {
  const { t } = useText()
  const box = useOutbox()
  const items = useItems().filter((item) => item.task === task)
  const refused = items.filter((item) => item.state === 'refused')
  const shown = items.filter((item) => pending(item) || (item.kind === 'photo' && item.state === 'sent'))
  const waits = shown.filter((item) => pending(item) && item.notBefore > 0).length > 0
  if (refused.length + shown.length === 0) return null
  return (
    <div className="outbox" data-testid={`outbox-${task}`}>
      {refused.length > 0 && <Refused items={refused} onDismiss={() => void box.dismiss(refused.map((item) => item.id))} />}
      {shown.length > 0 && (
        <ul className="outbox-list">
          {shown.map((item) => (
            <li key={item.id} data-testid="outbox-item" data-kind={item.kind} data-state={item.state}>
              <Icon name={item.kind === 'photo' ? 'camera' : 'arrow'} />
              <ItemName item={item} />
              <span className="outbox-state">{<ItemState item={item} />}</span>
            </li>
          ))}
        </ul>
      )}
      {waits && (
        <Button small icon="refresh" onPress={() => box.hurry()} data-testid="outbox-now">
          {t('field.outbox.now')}
        </Button>
      )}
    </div>
  )
}

function ItemName({ item }: { item: Item }) {
  const { t, has, locale } = useText()
  const name = item.kind === 'photo' ? t(`field.photo.roles.${item.role}`) : textOr(t, has, `move.field.${item.move}`, item.move)
  return (
    <span className="outbox-name">
      {name} <span className="card-soft">{t('field.outbox.made', { time: clock(item.made, locale) })}</span>
    </span>
  )
}

function ItemState({ item }: { item: Item }) {
  const { t } = useText()
  if (item.state === 'sent') return <>{t('field.outbox.sent')}</>
  if (item.state === 'sending') return <>{item.kind === 'photo' ? t('field.outbox.percent', { n: percent(item) }) : t('field.outbox.sending')}</>
  return <>{t(item.why?.code === 'network' ? 'field.outbox.waitingLine' : 'field.outbox.waiting')}</>
}

/** What the server did not take, and why: it stands until somebody has read it. */
function Refused({ items, onDismiss }: { items: Item[]; onDismiss: () => void }) {
  const { t, has, locale } = useText()
  const first = items.find((item) => item.why?.reason !== 'after_refused') ?? items[0]!
  const { by, at } = first.why?.params ?? {}
  return (
    <div className="card-error outbox-refused" role="alert" data-testid="outbox-refused">
      <Icon name="alert" />
      <div>
        <p>{by ? t('field.outbox.calledOff', { who: by, time: moment(at ?? first.made, locale) }) : t('field.outbox.changed')}</p>
        <ul>
          {items.map((item) => (
            <li key={item.id}>
              <ItemName item={item} />
              {item.why && !by && <p>{errorText(new ApiError(item.why.code as 'conflict', 0, { reason: item.why.reason, field: item.why.field, params: item.why.params }), t, has)}</p>}
            </li>
          ))}
        </ul>
        <Button small onPress={onDismiss} data-testid="outbox-dismiss">
          {t('field.outbox.dismiss')}
        </Button>
      </div>
    </div>
  )
}
