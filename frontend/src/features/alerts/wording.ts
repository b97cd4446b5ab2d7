import type { components } from '../../api/schema.gen'
import type { Locale } from '../../i18n'

export type Alert = components['schemas']['Alert']
export type AlertInfo = components['schemas']['AlertInfo']

/** What an alert says in the reader's language; else in Chinese, else in its first one. */
export function infoOf(alert: Alert, locale: Locale): AlertInfo | undefined {
  const inTongue = (tongue: string) => alert.infos.find(({ language }) => language.toLowerCase().split('-')[0] === tongue)
  return inTongue(locale) ?? inTongue('zh') ?? alert.infos[0]
}

export const titleOf = (info: AlertInfo | undefined, alert: Alert): string => info?.headline || info?.event || alert.identifier
export const placesOf = (info: AlertInfo | undefined, between: string): string => (info?.areas ?? []).map(({ description }) => description).join(between)

/** Those that still hold: a list that cannot be renewed must not show what is over. */
export const inForce = (alerts: readonly Alert[], now: number): Alert[] => alerts.filter(({ holds_until }) => Date.parse(holds_until) > now)
