import { place, select } from '../app/router'
import { listOrder, sameSelection } from '../app/workbench'

/** Selects the row before or after the selected one; the first where none of the list is selected. */
export function step(by: 1 | -1): void {
  const order = listOrder.get()
  if (order.length === 0) return
  const at = order.findIndex((row) => sameSelection(row, place().selection))
  const next = at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + by))
  select(order[next]!)
}
