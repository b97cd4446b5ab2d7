import type { KnowledgeEntry, KnowledgeInput } from '../features/knowledge/queries'

/** An entry as a form holds it: lists are lines of text. */
export interface KnowledgeFormState {
  title: string
  title_en: string
  body: string
  keywords: string
  categories: string
  department: string
  valid_from: string
  valid_until: string
  source: string
}

export const toForm = (entry: KnowledgeEntry | null): KnowledgeFormState => ({
  title: entry?.title ?? '',
  title_en: entry?.title_en ?? '',
  body: entry?.body ?? '',
  keywords: entry?.keywords.join('，') ?? '',
  categories: entry?.categories.join('，') ?? '',
  department: entry?.department ?? '',
  valid_from: entry?.valid_from ?? '',
  valid_until: entry?.valid_until ?? '',
  source: entry?.source ?? '',
})

const listed = (text: string, between: RegExp) => text.split(between).map((word) => word.trim()).filter(Boolean)

export const toInput = (form: KnowledgeFormState, revision?: number): KnowledgeInput => ({
  ...form,
  title: form.title.trim(),
  valid_from: form.valid_from.trim(),
  valid_until: form.valid_until.trim(),
  keywords: listed(form.keywords, form.keywords.search(/[,，、;；\n]/) < 0 ? /\s+/ : /[,，、;；\n]/), // a keyword may hold a space where commas part them
  categories: listed(form.categories, /[^0-9A-Za-z]+/),
  revision,
})
