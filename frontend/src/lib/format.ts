import type { Locale, Translate } from '../i18n'

const numbers: Record<Locale, Intl.NumberFormat> = { zh: new Intl.NumberFormat('zh-CN'), en: new Intl.NumberFormat('en-GB') }

/** 94,214 */
export const count = (n: number, locale: Locale) => numbers[locale].format(n)

/** A distance in metres: 84 m, 1.2 km, 34 km. */
export function distance(metres: number, t: Translate): string {
  if (metres < 1000) return `${Math.round(metres)} ${t('unitOf.m')}`
  const km = metres / 1000
  return `${km < 10 ? km.toFixed(1) : Math.round(km)} ${t('unitOf.km')}`
}

/** An area in square metres, whole. */
export const squareMetres = (m2: number, locale: Locale, t: Translate) => `${count(Math.round(m2), locale)} ${t('unitOf.m2')}`

/** 93% */
export const percent = (share: number) => `${Math.round(share * 100)}%`

/** 119.68513, 29.79441: longitude first, five digits are about a metre. */
export const lonLat = (point: readonly number[]) => `${point[0]!.toFixed(5)}, ${point[1]!.toFixed(5)}`

/** Words one after the other: 甲、乙 or one, two. */
export const listed = (words: readonly string[], locale: Locale) => words.join(locale === 'zh' ? '、' : ', ')

const names = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const

/** The name of a direction given in degrees clockwise from north. */
export const bearing = (degrees: number, t: Translate) => t(`detail.bearing.${names[Math.round((((degrees % 360) + 360) % 360) / 45) % 8]}`)
