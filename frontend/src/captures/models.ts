import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../api/client'
import type { components } from '../api/schema.gen'

export type Detector = components['schemas']['Detector']

/** Which models there are. Folders change seldom, and nobody tells when. */
export const detectorsQuery = queryOptions({ queryKey: ['detectors'], queryFn: () => take(api.GET('/api/detectors')), staleTime: 30_000, retry: false })

/** A way to find changes: '' is the built-in comparison, else a model's folder and whether it is held against the earlier capture. */
export interface Way {
  id: string
  folder: string
  pair: boolean
}

/** What can be chosen with these models: one that looks at one picture may do so alone, or leave out what stood before. */
export function ways(found: readonly Detector[]): Way[] {
  return found
    .filter(({ usable }) => usable)
    .flatMap(({ folder, task }) => [{ id: `${folder}:pair`, folder, pair: true }, ...(task === 'segmentation' ? [{ id: `${folder}:one`, folder, pair: false }] : [])])
}
