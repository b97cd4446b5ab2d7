import { useSyncExternalStore } from 'react'

/**
 * How many columns the screen has room for, by its width in rem: width adds columns, never scales.
 * 0: list only beside the map, figures folded away; 1: as at 16:9, the detail floats over the map; 2: the detail has its own
 * column (21:9 and wider); 3: units and towns have one too (32:9).
 */
export type Columns = 0 | 1 | 2 | 3

export function columnsFor(widthRem: number): Columns {
  if (widthRem < 62) return 0
  if (widthRem < 122) return 1
  return widthRem < 165 ? 2 : 3
}

function watch(changed: () => void) {
  const seen = new ResizeObserver(changed)
  seen.observe(document.documentElement)
  const style = new MutationObserver(changed) // the size of rem
  style.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'data-display'] })
  return () => {
    seen.disconnect()
    style.disconnect()
  }
}

const now = (): Columns => columnsFor(window.innerWidth / parseFloat(getComputedStyle(document.documentElement).fontSize))

export const useColumns = (): Columns => useSyncExternalStore(watch, now)
