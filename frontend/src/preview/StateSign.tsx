import type { Source } from '../api/types'
import { textOr, useText } from '../i18n'
import { Icon } from '../ui/icons'

/** Whether a source can be read: a shape and a word, and why not. */
export function StateSign({ source }: { source: Source }) {
  const { t, has } = useText()
  const reason = source.reason && textOr(t, has, `error.reason.${source.reason}`, source.reason).replace('{{name}}', source.name)
  return (
    <span className="preview-state" data-state={source.state}>
      {source.state === 'ready' ? <span className="preview-dot" aria-hidden="true" /> : <Icon name="alert" size="1em" />}
      <span>
        {t(`preview.states.${source.state}`)}
        {reason && <span className="preview-reason">{reason}</span>}
      </span>
    </span>
  )
}
