import type { Category } from '../api/types'

export interface Sought {
  text: string
  kind: '' | Category['kind']
  state: '' | 'offered' | 'retired'
}

export interface Group {
  key: string
  class: string
  prefix: string
  kind: Category['kind']
  items: Category[]
  retired: number
}

/** The categories that are sought, by their classes: items first, then by code. Codes match by their beginning, names and classes anywhere. */
export function groupsOf(categories: readonly Category[], { text, kind, state }: Sought): Group[] {
  const asked = text.trim().toLowerCase()
  const fits = (each: Category) =>
    (!kind || each.kind === kind) &&
    (!state || (state === 'retired') === !!each.retired) &&
    (!asked || each.code.startsWith(asked) || [each.name, each.name_en ?? '', each.class].some((name) => name.toLowerCase().includes(asked)))
  const groups = new Map<string, Group>()
  for (const each of categories.filter(fits)) {
    const key = `${each.standard} ${each.kind === 'item' ? 0 : 1} ${each.code.slice(0, 2)}`
    const group = groups.get(key) ?? { key, class: each.class, prefix: each.code.slice(0, 2), kind: each.kind, items: [], retired: 0 }
    group.items.push(each)
    if (each.retired) group.retired++
    groups.set(key, group)
  }
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** How many of some rules name each code. */
export function countByCategory(rules: readonly { category?: string }[] | undefined): Map<string, number> {
  const out = new Map<string, number>()
  for (const { category } of rules ?? []) if (category) out.set(category, (out.get(category) ?? 0) + 1)
  return out
}
