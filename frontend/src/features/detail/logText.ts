import type { LogEntry } from '../../api/types'
import type { Translate } from '../../i18n'

/** A row of a case's log in words: what somebody did, and with which unit or other case, or how much time. */
export function logText(entry: LogEntry, t: Translate, has: (key: string) => boolean): string {
  const details = entry.details as Record<string, unknown> | undefined
  const other = details?.unit_name ?? details?.number
  const key = entry.move.startsWith('task.') ? `move.task.${entry.move.slice(5)}` : `move.incident.${entry.move}`
  const move = has(key) ? t(key) : entry.move
  const span = `flow.span.${String(details?.limit_kind)}` // its words come with the case's flow
  const said = details?.limit_kind && has(span) ? `${move} ${t(span, { n: details.limit_amount })}` : move
  return typeof other === 'string' ? `${said} ${other}` : said
}
