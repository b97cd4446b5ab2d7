import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { categoriesQuery } from '../../api/queries'
import { classIn } from '../../domain/categoryClasses'
import { useText } from '../../i18n'
import type { Split } from './choice'

/** All parts of a split that everybody knows; the others are as many as there are cases of. */
export const allParts: Partial<Record<Split, readonly string[]>> = {
  hour: Array.from({ length: 24 }, (_, i) => String(i)),
  weekday: ['1', '2', '3', '4', '5', '6', '7'],
  severity: ['1', '2', '3'],
}

/** How parts are called, short for a chart and long for who hears it. */
export function usePartNames() {
  const { t, locale, has } = useText()
  const { data } = useQuery(categoriesQuery)
  const classes = useMemo(() => new Map((data ?? []).filter(({ kind }) => kind === 'item').map(({ code, class: name }) => [code.slice(0, 2), name])), [data])
  return (split: Split, key: string, long = false): string => {
    switch (split) {
      case 'hour':
        return long ? `${key.padStart(2, '0')}:00–${String((Number(key) + 1) % 24).padStart(2, '0')}:00` : key
      case 'weekday': {
        const day = new Date(2024, 0, Number(key)) // the first of that January was a Monday
        return new Intl.DateTimeFormat(locale === 'zh' ? 'zh-CN' : 'en-GB', { weekday: locale === 'zh' && !long ? 'narrow' : 'short' }).format(day)
      }
      case 'class':
        return classIn(classes.get(key) ?? key, locale)
      case 'channel':
        return has(`source.${key}`) ? t(`source.${key}` as 'source.console') : key
      case 'severity':
        return t(`severity.${key}` as 'severity.1')
      default:
        return key
    }
  }
}
