import type { LogEntry } from '../../api/types'
import type { Translate } from '../../i18n'

/** A row of a case's log in words: what somebody did, and with which unit. */
export function logText(entry: LogEntry, t: Translate, has: (key: string) => boolean): string {
  const unit = typeof entry.details?.unit_name === 'string' ? entry.details.unit_name : ''
  const key = entry.move.startsWith('task.') ? `move.task.${entry.move.slice(5)}` : `move.incident.${entry.move}`
  const move = has(key) ? t(key) : entry.move
  return unit ? `${move} ${unit}` : move
}
