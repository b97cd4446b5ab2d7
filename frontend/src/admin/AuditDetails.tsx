import { textOr, useText } from '../i18n'
import { listed } from '../lib/format'
import { stamp } from '../lib/time'

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
/** Finer than this no place is told: 0.1 m. */
const DECIMALS = 6

/** What an entry of the audit log is about: what is kept under each word, in the order of the server. What is empty is left out. */
export function AuditDetails({ details }: { details: Record<string, unknown> }) {
  const { t, has, locale } = useText()
  const text = (value: unknown): string => {
    if (Array.isArray(value)) return listed(value.map(text), locale)
    if (value !== null && typeof value === 'object') return pairs(value).map(([key, each]) => `${word(key)} ${text(each)}`).join(' · ')
    if (typeof value === 'number') return String(Number(value.toFixed(DECIMALS)))
    if (typeof value === 'boolean') return t(value ? 'admin.yes' : 'admin.no')
    return typeof value === 'string' && INSTANT.test(value) ? stamp(value, locale) : String(value)
  }
  const word = (key: string) => textOr(t, has, `auditWord.${key}`, key)
  return (
    <ul className="audit-details">
      {pairs(details).map(([key, value]) => (
        <li key={key}>
          <span className="audit-word">{word(key)}</span> {text(value)}
        </li>
      ))}
    </ul>
  )
}

const pairs = (of: object) => Object.entries(of).filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
