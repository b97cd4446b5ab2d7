import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { LonLat, MapController } from './types'

interface Wishes {
  take(at: LonLat): void
  undo(): void
  /** Escape. True goes on with the tool. */
  end(): boolean | void
  /** Whatever other key; true takes it. Arrows belong to what has the focus where that is a thing on the map that they move. */
  press?(event: KeyboardEvent): boolean
}

/** Gives a tool its points from the map: by the pointer, and from under the cross by Space; arrows move the map, Backspace and Ctrl+Z take a point back, Escape ends. */
export function usePoints(map: MapController, wishes: Wishes): void {
  const now = useRef(wishes)
  now.current = wishes
  useLayoutEffect(() => { // with what is seen
    let over = false
    const pick = async () => {
      while (!over) {
        const at = await map.pickPoint()
        if (over) return
        if (at) now.current.take(at)
        else if (!now.current.end()) return
      }
    }
    void pick()
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null
      if (event.isComposing || event.altKey || target?.closest('input, textarea, select, [role="dialog"], [role="menu"], [role="listbox"]')) return
      const steps: Record<string, [number, number]> = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] }
      const step = steps[event.key]
      const undoes = event.key === 'Backspace' || ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z')
      if (now.current.press?.(event)) {
        // taken
      } else if (undoes) now.current.undo()
      else if (event.ctrlKey || event.metaKey) return
      else if (event.key === ' ' && !target?.closest('button, a')) {
        now.current.take(map.free.center)
      } else if (step && target !== map.engine.getCanvas() && !target?.closest('[role="button"]')) map.engine.panBy(step, { duration: 0 })
      else return
      event.preventDefault()
      event.stopPropagation()
    }
    window.addEventListener('keydown', press, { capture: true })
    return () => {
      over = true
      map.stopPicking()
      window.removeEventListener('keydown', press, { capture: true })
    }
  }, [map])
}

/** Where the pointer is on the ground; null while it is not over the map. */
export function usePointer(map: MapController): LonLat | null {
  const [pointer, setPointer] = useState<LonLat | null>(null)
  useEffect(() => {
    const moved = (event: { lngLat: { lng: number; lat: number } }) => setPointer([event.lngLat.lng, event.lngLat.lat])
    const left = () => setPointer(null)
    const heard = [map.engine.on('mousemove', moved), map.engine.on('mouseout', left)]
    return () => heard.forEach((one) => one.unsubscribe())
  }, [map])
  return pointer
}
