import type { Category } from '../../api/types'

const SHOWN = 60

/**
 * Categories whose code begins with the text, or whose name or class in either language contains it. Names that begin with it come
 * first. The text that names the chosen one stands for "show all". Items before components: cases are mostly about what happens.
 * Retired ones are offered to whoever has one already.
 */
export function findCategories(categories: readonly Category[], text: string, chosen: string | null): (Omit<Category, 'id'> & { id: string })[] {
  const asked = text.trim().toLowerCase()
  const isChosen = categories.some((category) => category.code === chosen && (category.name === text || category.name_en === text))
  const rank = (category: Category): number => {
    if (!asked || isChosen) return 1
    const names = [category.name, category.name_en ?? ''].map((name) => name.toLowerCase())
    if (category.code.startsWith(asked) || names.some((name) => name.startsWith(asked))) return 0
    return names.some((name) => name.includes(asked)) || category.class.toLowerCase().includes(asked) ? 1 : -1
  }
  const offered = categories.filter((category) => !category.retired || category.code === chosen)
  const once = [...new Map([...offered].reverse().map((category) => [category.code, category])).values()] // the first of a code wins
  return once
    .map((category) => ({ category, at: rank(category) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || Number(a.category.kind === 'component') - Number(b.category.kind === 'component') || (a.category.code < b.category.code ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ category }) => ({ ...category, id: category.code }))
}
