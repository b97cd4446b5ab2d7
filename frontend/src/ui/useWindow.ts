import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Rows that are drawn above and below those that are seen. */
const SPARE = 6

/** The first row of a window and the one behind its last, of rows of one height. */
export function windowOf(top: number, height: number, rowHeight: number, count: number): readonly [number, number] {
  const first = Math.min(Math.max(0, Math.floor(top / rowHeight) - SPARE), count)
  return [first, Math.min(count, Math.ceil((top + height) / rowHeight) + SPARE)]
}

/** Where a list has to stand so that a row is seen; as it stands, where the row is seen already. */
export function topFor(index: number, top: number, height: number, rowHeight: number): number {
  if (index * rowHeight < top) return index * rowHeight
  return Math.max(top, (index + 1) * rowHeight - height)
}

/**
 * The rows of a long list that are on screen. All have one height, so that nothing is measured: a list of 100,000 rows costs what one of ten does.
 */
export function useWindow(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number) {
  const [[first, end], setWindow] = useState<readonly [number, number]>([0, 0])
  const stands = useRef({ top: 0, height: 0 }) // asking the box itself, after others have drawn, lays out the whole page there and then
  const look = useCallback(() => {
    const box = scroller.current
    if (!box) return
    const { top, height } = (stands.current = { top: box.scrollTop, height: box.clientHeight })
    const next = windowOf(top, height, rowHeight, count)
    setWindow((now) => (now[0] === next[0] && now[1] === next[1] ? now : next))
  }, [scroller, count, rowHeight])
  useLayoutEffect(look, [look])
  useEffect(() => {
    const box = scroller.current
    if (!box) return
    const resized = new ResizeObserver(look)
    resized.observe(box)
    box.addEventListener('scroll', look, { passive: true })
    return () => {
      resized.disconnect()
      box.removeEventListener('scroll', look)
    }
  }, [scroller, look])
  const show = useCallback(
    (index: number) => {
      const { top, height } = stands.current
      const to = topFor(index, top, height, rowHeight)
      if (to === top) return
      stands.current = { top: to, height }
      scroller.current?.scrollTo({ top: to, behavior: 'instant' })
    },
    [scroller, rowHeight],
  )
  /** How many rows a page key goes: those that are seen, but one that stays in sight. */
  const page = useCallback(() => Math.max(1, Math.floor(stands.current.height / rowHeight) - 1), [rowHeight])
  // a list that became shorter is looked at before the effect runs
  return { first: Math.min(first, count), end: Math.min(end, count), show, page }
}
