import type { Action, ActionContext } from '../../actions/types'
import type { Hit } from '../../api/types'
import type { LiveStore } from '../../live/store'

/** What the console's own copy knows by name: a hit without its place, which the map finds. */
export type Known = Pick<Hit, 'kind' | 'name' | 'detail'> & { id: number }

const named: { kind: Known['kind']; columns: string[] }[] = [
  { kind: 'incident', columns: ['title', 'number', 'address'] },
  { kind: 'unit', columns: ['name', 'code', 'name_en'] },
  { kind: 'camera', columns: ['name', 'device_id'] },
  { kind: 'area', columns: ['name', 'code', 'name_en'] },
  { kind: 'unit_grid', columns: ['name', 'code'] },
]

/** Finds what stands in the copy: whole names first, then beginnings, then the rest, at most `each` of a kind. Words are all wanted. */
export function findKnown(live: LiveStore, question: string, each = 8): Known[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  const whole = words.join(' ')
  return named.flatMap(({ kind, columns }) => {
    const layer = live.layer(kind)
    const best = new Map<number, number>()
    for (const column of columns) {
      layer.each(column, (id, value) => {
        if (typeof value !== 'string') return
        const text = value.toLowerCase()
        if (!words.every((word) => text.includes(word))) return
        const fit = (text === whole ? 0 : text.startsWith(whole) ? 1_000 : 2_000) + text.length
        if (fit < (best.get(id) ?? Infinity)) best.set(id, fit)
      })
    }
    return [...best]
      .sort((a, b) => a[1] - b[1] || a[0] - b[0])
      .slice(0, each)
      .map(([id]) => ({ kind, id, name: String(layer.value(id, columns[0]!) ?? ''), detail: String(layer.value(id, columns[1]!) ?? '') }))
  })
}

/** What has a name that holds all words; what begins so first. */
export function findNamed<Thing>(all: readonly Thing[], question: string, names: (thing: Thing) => readonly string[]): Thing[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean)
  const whole = words.join(' ')
  return all
    .map((thing) => {
      const fits = names(thing).map((name) => name.toLowerCase()).filter((name) => words.every((word) => name.includes(word)))
      return { thing, fit: fits.length === 0 ? -1 : fits.some((name) => name.startsWith(whole)) ? 0 : 1 }
    })
    .filter(({ fit }) => fit >= 0)
    .sort((a, b) => a.fit - b.fit)
    .map(({ thing }) => thing)
}

/** Actions that are possible now and whose name, in one of the languages or by its initials, holds all words. */
export const findActions = (all: readonly Action[], context: ActionContext, question: string, names: (action: Action) => readonly string[]): Action[] =>
  findNamed(all.filter((action) => action.name !== 'palette' && action.when(context)), question, names)
