import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from 'react'
import type { Lamp } from './lamp'
import type { LayerStore, LiveStore, Row } from './store'

/** Gives the live store to the components below. */
export const LiveContext = createContext<LiveStore | null>(null)

export function useLive(): LiveStore {
  const live = useContext(LiveContext)
  if (!live) throw new Error('LiveContext has no store')
  return live
}

/**
 * The named layer; the component renders again when it changes. The object stays the same, so memos that read from it
 * take `layer.version` as their dependency.
 */
export function useLayer(name: string): LayerStore {
  const layer = useLive().layer(name)
  const subscribe = useCallback((changed: () => void) => layer.subscribe(changed), [layer])
  useSyncExternalStore(subscribe, () => layer.version)
  return layer
}

/** One row; the component renders again only when this row changes. */
export function useRow(name: string, id: number | null | undefined): Row | undefined {
  const layer = useLive().layer(name)
  const subscribe = useCallback((changed: () => void) => layer.subscribe(changed), [layer])
  const version = useSyncExternalStore(subscribe, () => (id == null ? 0 : layer.versionOf(id)))
  return useMemo(() => (id == null || version === 0 ? undefined : layer.get(id)), [layer, id, version])
}

export function useLamp(): Lamp {
  const live = useLive()
  const subscribe = useCallback((changed: () => void) => live.subscribeLamp(changed), [live])
  return useSyncExternalStore(subscribe, () => live.lamp)
}
