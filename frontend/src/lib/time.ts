import type { Locale, Translate } from '../i18n'

const tag = (locale: Locale) => (locale === 'zh' ? 'zh-CN' : 'en-GB')
const formats = new Map<string, Intl.DateTimeFormat>()

function format(locale: Locale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  let found = formats.get(key)
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(tag(locale), { hourCycle: 'h23', ...options })))
  return found
}

export type Instant = string | number | Date

/** 14:32:07 */
export const clock = (at: Instant, locale: Locale) => format(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at))

/** 3月18日 周三 / Wed 18 Mar */
export const day = (at: Instant, locale: Locale) => format(locale, { month: 'short', day: 'numeric', weekday: 'short' }).format(new Date(at)).replace('日周', '日 周')

/** 14:32 today, with the date before it on other days. */
export function moment(at: Instant, locale: Locale, now: number = Date.now()): string {
  const date = new Date(at)
  const time = format(locale, { hour: '2-digit', minute: '2-digit' }).format(date)
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return time
  const sameYear = date.getFullYear() === today.getFullYear()
  return `${format(locale, { month: 'numeric', day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }) }).format(date)} ${time}`
}

/** 2026/03/18 14:32:07, for logs and tables. */
export const stamp = (at: Instant, locale: Locale) =>
  format(locale, { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at))

/** How long something has lasted, in words with at most two units. Negative spans (a clock ahead of ours) read as zero. */
export function duration(ms: number, t: Translate): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return t('time.seconds', { s })
  const m = Math.floor(s / 60)
  if (m < 60) return t('time.minutes', { m })
  const h = Math.floor(m / 60)
  if (h < 24) return m % 60 === 0 || h >= 10 ? t('time.hours', { h }) : t('time.hoursMinutes', { h, m: m % 60 })
  const d = Math.floor(h / 24)
  return h % 24 === 0 || d >= 10 ? t('time.days', { d }) : t('time.daysHours', { d, h: h % 24 })
}

/** The age of a case as a column of a list shows it: 08:02 (minutes and seconds) in its first hour, then words. */
export function age(ms: number, t: Translate): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s >= 3600) return duration(ms, t)
  return `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`
}
