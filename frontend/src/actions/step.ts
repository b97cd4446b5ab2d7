import { place, select } from '../app/router'
import { listOrder } from '../app/workbench'

/** Selects the row before or after the selected one; the first where none of the list is selected. */
export function step(by: 1 | -1): void {
  const { layer, ids } = listOrder.get()
  if (ids.length === 0) return
  const selection = place().selection
  const at = selection?.layer === layer ? ids.indexOf(selection.id) : -1
  const next = at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))
  select({ layer, id: ids[next]! })
}
