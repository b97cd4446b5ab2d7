import i18next, { type i18n } from 'i18next'
import { createStore, useStore } from '../lib/store'
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

/** Starts i18next in Chinese; the other language comes by [speak]. */
export function startI18n(): i18n {
  void i18next.init({
    lng: 'zh',
    fallbackLng: 'zh',
    resources: { zh: { translation: zh } },
    interpolation: { escapeValue: false }, // React escapes
    initAsync: false,
    returnNull: false,
  })
  text.set(textNow())
  i18next.on('languageChanged', () => text.set(textNow()))
  i18next.store.on('added', () => plain.clear())
  return i18next
}

let english: Promise<unknown> | undefined

/** Loads the English wordings, once. A screen in Chinese does so when it has nothing else to do, so that switching asks no server. */
export function loadEnglish(): Promise<unknown> {
  english ??= import('./en').then(
    ({ teach }) => teach(i18next),
    (lost) => {
      english = undefined // the next switch asks again
      throw lost
    },
  )
  return english
}

/** Changes the language of the screen; one whose wordings cannot be loaded leaves it as it is. */
export async function speak(locale: Locale): Promise<void> {
  if (locale === 'en') await loadEnglish()
  await i18next.changeLanguage(locale)
}

interface Text {
  t: Translate
  locale: Locale
  has: (key: string) => boolean
}

/** Texts without values, of the language of the screen: hundreds of components ask for the same few hundred. */
const plain = new Map<string, string>()

/** What components are given: another object, and another translator, just when the language changes. */
function textNow(): Text {
  plain.clear()
  return {
    t: (key, values) => {
      if (values) return i18next.t(key as never, values as never) as unknown as string
      let known = plain.get(key)
      if (known === undefined) plain.set(key, (known = i18next.t(key as never) as unknown as string))
      return known
    },
    locale: i18next.language === 'en' ? 'en' : 'zh',
    has: (key) => i18next.exists(key),
  }
}

const text = createStore<Text>(textNow())

/** The translator and the language of the screen. */
export const useText = (): Text => useStore(text)

/** The text of a code that the server may know and this build may not: the code itself is better than nothing. */
export function textOr(t: Translate, has: (key: string) => boolean, key: string, fallback: string): string {
  return has(key) ? t(key) : fallback
}
