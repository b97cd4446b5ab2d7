import type { Locale } from '../i18n'

/** What a thing is called in the language of the screen: by its Chinese name where it has no other. */
export const nameIn = ({ name, name_en }: { name: string; name_en?: string | null }, locale: Locale): string => (locale === 'en' && name_en) || name
