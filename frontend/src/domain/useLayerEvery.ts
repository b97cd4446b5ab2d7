import { useCallback, useRef, useSyncExternalStore } from 'react'
import { useLive } from '../live/hooks'
import type { LayerStore } from '../live/store'

/** The named layer for work over all its rows: renders again at most once in `ms`, at once after a pause. */
export function useLayerEvery(name: string, ms: number): { layer: LayerStore; version: number } {
  const layer = useLive().layer(name)
  const seen = useRef({ version: layer.version, at: 0 })
  const subscribe = useCallback(
    (changed: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const take = () => {
        timer = undefined
        seen.current = { version: layer.version, at: performance.now() }
        changed()
      }
      take()
      const stop = layer.subscribe(() => {
        timer ??= setTimeout(take, Math.max(0, seen.current.at + ms - performance.now()))
      })
      return () => {
        clearTimeout(timer)
        stop()
      }
    },
    [layer, ms],
  )
  const version = useSyncExternalStore(subscribe, () => seen.current.version)
  return { layer, version }
}
