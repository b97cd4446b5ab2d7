import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { select, usePlace, type Selection } from '../../app/router'
import { listOrder, sameSelection, theMap } from '../../app/workbench'
import { settings } from '../../app/settings'
import { useStore } from '../../lib/store'
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
  const order = useMemo(() => rows.map((row): Selection => ({ layer, id: idOf(row) })), [rows, layer, idOf])
  const chosen = selection ? order.findIndex((each) => sameSelection(each, selection)) : -1

  useEffect(() => listOrder.set(order), [order])
  useEffect(() => () => listOrder.set([]), [])

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => order[index]!.id,
    overscan: 6,
  })
  useEffect(() => virtual.measure(), [virtual, rowHeight])
  useEffect(() => {
    if (chosen >= 0) virtual.scrollToIndex(chosen, { align: 'auto' })
  }, [selection?.layer, selection?.id])

  return (
    <div ref={scroller} className="list" role="listbox" aria-label={label} tabIndex={0} aria-activedescendant={chosen >= 0 ? `${layer}-${order[chosen]!.id}` : undefined} data-testid={`list-${layer}`}>
      <div className="list-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]!
          const each = order[item.index]!
          return (
            <div
              key={item.key}
              id={`${layer}-${each.id}`}
              className="row"
              role="option"
              aria-selected={item.index === chosen}
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              data-testid={`row-${layer}-${each.id}`}
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              onClick={() => {
                if (item.index === chosen) void theMap.get()?.flyToFeature(each)
                else select(each) // the map shows it without changing its scale
              }}
            >
              {children(row)}
            </div>
          )
        })}
      </div>
    </div>
  )
}
