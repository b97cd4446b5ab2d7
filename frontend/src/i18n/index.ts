import i18next, { type i18n } from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import { en } from './en'
import { zh } from './zh'

/** Chinese first: it is what screens are laid out for and what a missing text falls back to. */
export type Locale = 'zh' | 'en'
export const locales: Locale[] = ['zh', 'en']

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof zh }
    returnNull: false
  }
}

/** A translator that takes keys made at run time; `exists` guards those that come from the server. */
export type Translate = (key: string, values?: Record<string, unknown>) => string

/** Starts i18next with both languages inside, so that switching asks no server. */
export function startI18n(locale: Locale): i18n {
  void i18next.use(initReactI18next).init({
    lng: locale,
    fallbackLng: 'zh',
    resources: { zh: { translation: zh }, en: { translation: en } },
    interpolation: { escapeValue: false }, // React escapes
    initAsync: false,
    returnNull: false,
  })
  return i18next
}

/** The translator and the language of the screen. */
export function useText(): { t: Translate; locale: Locale; has: (key: string) => boolean } {
  const { t, i18n } = useTranslation()
  return { t: t as unknown as Translate, locale: i18n.language === 'en' ? 'en' : 'zh', has: (key) => i18n.exists(key) }
}

/** The text of a code that the server may know and this build may not: the code itself is better than nothing. */
export function textOr(t: Translate, has: (key: string) => boolean, key: string, fallback: string): string {
  return has(key) ? t(key) : fallback
}
