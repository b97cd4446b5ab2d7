import type { LogEntry } from '../../api/types'
import type { Translate } from '../../i18n'

/** A row of a case's log in words: what somebody did, and with which unit or other case. */
export function logText(entry: LogEntry, t: Translate, has: (key: string) => boolean): string {
  const other = entry.details?.unit_name ?? entry.details?.number
  const key = entry.move.startsWith('task.') ? `move.task.${entry.move.slice(5)}` : `move.incident.${entry.move}`
  const move = has(key) ? t(key) : entry.move
  return typeof other === 'string' ? `${move} ${other}` : move
}
