import { useText } from '../../i18n'
import { Icon } from '../../ui/icons'

/** Says that an entry does not hold today. */
export function Expired({ entry }: { entry: { expired: boolean; valid_until: string } }) {
  const { t } = useText()
  if (!entry.expired) return null
  const over = entry.valid_until !== '' && entry.valid_until < new Date().toISOString().slice(0, 10)
  return (
    <span className="knowledge-expired">
      <Icon name="alert" size="1em" />
      {over ? t('knowledge.expired', { date: entry.valid_until }) : t('knowledge.notYet')}
    </span>
  )
}
