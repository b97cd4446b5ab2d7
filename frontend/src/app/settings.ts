import i18next from 'i18next'
import { speak, type Locale } from '../i18n'
import { createStore } from '../lib/store'
import { applyTokens, type Theme } from '../tokens/tokens'
import { applyScale, type Display } from './scale'

export type { Theme }

/** What a person chose for this screen. Kept in the browser, not in the account: a wall and a desk differ. */
export interface Settings {
  theme: Theme
  locale: Locale
  display: Display
}

const key = 'wanglou.settings'

/** The stored choice; `?display=wall|desk`, `?theme=` and `?lang=` of the address win, so that a kiosk needs no hands. */
export function readSettings(search: string, stored: string | null): Settings {
  let kept: Partial<Settings> = {}
  try {
    kept = JSON.parse(stored ?? '{}') as Partial<Settings>
  } catch {
    kept = {} // somebody wrote nonsense into the storage: the defaults are right
  }
  const asked = new URLSearchParams(search)
  const pick = <T extends string>(values: readonly T[], ...from: (string | null | undefined)[]): T =>
    from.find((v): v is T => values.includes(v as T)) ?? values[0]!
  return {
    theme: pick(['dark', 'light'], asked.get('theme'), kept.theme),
    locale: pick(['zh', 'en'], asked.get('lang'), kept.locale),
    display: pick(['desk', 'wall'], asked.get('display'), kept.display),
  }
}

/** Whether the page keeps what is chosen on it: a screen of a wall shows what scenes want, and leaves the desk of who opened it as it was. */
export const keeps = (search: string): boolean => !new URLSearchParams(search).has('wall')

export const settings = createStore<Settings>({ theme: 'dark', locale: 'zh', display: 'desk' })

export function changeSettings(change: Partial<Settings>): void {
  settings.set((now) => ({ ...now, ...change }))
}

export const otherTheme = (): void => changeSettings({ theme: settings.get().theme === 'dark' ? 'light' : 'dark' })
export const otherLocale = (): void => changeSettings({ locale: settings.get().locale === 'zh' ? 'en' : 'zh' })

/** Reads the choice and keeps document, storage and texts following it. */
export function startSettings(): Settings {
  const first = readSettings(location.search, localStorage.getItem(key))
  const apply = () => {
    const now = settings.get()
    const root = document.documentElement
    root.lang = now.locale === 'zh' ? 'zh-CN' : 'en'
    root.dataset.display = now.display
    applyTokens(now.theme)
    applyScale(now.display)
    if (i18next.isInitialized && i18next.language !== now.locale) void speak(now.locale).catch(() => changeSettings({ locale: 'zh' }))
  }
  const kept = keeps(location.search)
  settings.set(first)
  apply()
  settings.watch(() => {
    apply()
    if (kept) localStorage.setItem(key, JSON.stringify(settings.get()))
  })
  addEventListener('resize', () => applyScale(settings.get().display))
  return first
}
