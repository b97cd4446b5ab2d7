import { type KeyboardEvent, memo, type ReactNode, useEffect, useMemo, useRef } from 'react'
import { select, usePlace } from '../../app/router'
import { listOrder, noOrder, theMap } from '../../app/workbench'
import { settings } from '../../app/settings'
import { useStore } from '../../lib/store'
import { useWindow } from '../../ui/useWindow'
import './list.css'

interface ListProps<T> {
  label: string
  layer: string
  rows: readonly T[]
  idOf: (row: T) => number
  children: (row: T) => ReactNode
}

/**
 * A long list of things on the map, of which only the visible rows exist. One is selected: here, on the map and in the
 * address alike; pressing a row shows it on the map, pressing it again goes near.
 */
export function List<T>({ label, layer, rows, idOf, children }: ListProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const { selection } = usePlace()
  const { display } = useStore(settings)
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const rowHeight = Math.round(rem * (display === 'wall' ? 3.5 : 3.875))
  const ids = useMemo(() => idsOf(rows, idOf), [rows, idOf])
  const chosen = selection?.layer === layer ? ids.indexOf(selection.id) : -1
  const { first, end, show, page } = useWindow(scroller, rows.length, rowHeight)

  useEffect(() => listOrder.set({ layer, ids }), [layer, ids])
  useEffect(() => () => listOrder.set(noOrder), [])
  useEffect(() => {
    if (chosen >= 0) show(chosen)
  }, [selection?.layer, selection?.id])

  const press = (event: KeyboardEvent) => {
    const to = steppedTo(event, chosen, ids.length - 1, page())
    if (to === null) return
    event.preventDefault() // the list would scroll by itself, too
    select({ layer, id: ids[to]! })
  }
  return (
    <div ref={scroller} onKeyDown={press} className="list" role="listbox" aria-label={label} tabIndex={0} aria-activedescendant={chosen >= 0 ? `${layer}-${ids[chosen]}` : undefined} data-testid={`list-${layer}`}>
      <div className="list-rows" style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, end).map((row, i) => {
          const index = first + i
          const id = ids[index]!
          return <Line key={id} layer={layer} id={id} row={row} index={index} count={rows.length} height={rowHeight} chosen={index === chosen} draw={children as (row: unknown) => ReactNode} />
        })}
      </div>
    </div>
  )
}

/** The row to which a key goes from the chosen one (-1: none is), as in every list box; null where it is no such key, or belongs to the browser. */
export function steppedTo({ key, altKey, ctrlKey, metaKey }: Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey'>, chosen: number, last: number, page: number): number | null {
  if (last < 0 || altKey || ctrlKey || metaKey) return null
  const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + page, PageUp: chosen - page, Home: 0, End: last }[key]
  return to === undefined ? null : Math.min(last, Math.max(0, to))
}

interface LineProps {
  layer: string
  id: number
  row: unknown
  index: number
  count: number
  height: number
  chosen: boolean
  draw: (row: unknown) => ReactNode
}

/** One row. Going from one to the next draws these two alone. */
const Line = memo(function Line({ layer, id, row, index, count, height, chosen, draw }: LineProps) {
  return (
    <div
      id={`${layer}-${id}`}
      className="row"
      role="option"
      aria-selected={chosen}
      aria-setsize={count}
      aria-posinset={index + 1}
      data-testid={`row-${layer}-${id}`}
      data-thing={`${layer}/${id}`}
      style={{ height, transform: `translateY(${index * height}px)` }}
      onClick={() => {
        if (chosen) void theMap.get()?.flyToFeature({ layer, id })
        else select({ layer, id }) // the map shows it without changing its scale
      }}
    >
      {draw(row)}
    </div>
  )
})

/** A loop, since `Float64Array.from` walks an iterator: ten times as long for 100,000 rows. */
function idsOf<T>(rows: readonly T[], idOf: (row: T) => number): Float64Array {
  const ids = new Float64Array(rows.length)
  for (let i = 0; i < ids.length; i++) ids[i] = idOf(rows[i]!)
  return ids
}
