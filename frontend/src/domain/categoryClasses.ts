import type { Locale } from '../i18n'

/** The large classes of the standard dictionary in English; those of items end in 类. The dictionary has an English name for each category, and none for a class. */
const english: Record<string, string> = {
  市政公用设施: 'Public utilities',
  交通设施: 'Traffic facilities',
  市容环卫设施: 'Sanitation facilities',
  园林绿化设施: 'Parks and greenery',
  其他管理部件: 'Other components',
  市容环境: 'City appearance',
  宣传广告: 'Advertising',
  施工管理: 'Construction sites',
  街面秩序: 'Street order',
  其他事项: 'Other matters',
}

/** What a large class is called in the language of the screen. A class that the county has added has the name that it was given. */
export const classIn = (name: string, locale: Locale): string => (locale === 'en' && english[name.replace(/类$/, '')]) || name
