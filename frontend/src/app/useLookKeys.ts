import { useEffect } from 'react'
import { otherLocale, otherTheme } from './settings'

/** `t` and `e` as on the console, for pages that have no keys but these. */
export function useLookKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).matches('input, select, textarea')) return
      if (event.key === 't') otherTheme()
      else if (event.key === 'e') otherLocale()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}
