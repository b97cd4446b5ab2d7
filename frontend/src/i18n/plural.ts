import type { i18n } from 'i18next'

/** Endings and verbs that English changes with a number: '{{n}} row{{n, s}} {{n, is}} wrong'. Chinese has none of them. */
const forms: Record<string, [one: string, more: string]> = { s: ['', 's'], is: ['is', 'are'], was: ['was', 'were'], has: ['has', 'have'] }

/** Teaches i18next the forms. Numbers may come written out: '1,204'. */
export function addPlurals({ services }: i18n): void {
  for (const [name, [one, more]] of Object.entries(forms)) services.formatter!.add(name, (value) => (String(value) === '1' ? one : more))
}
