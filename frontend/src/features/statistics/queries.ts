import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api, take } from '../../api/client'
import { useLayer } from '../../live/hooks'
import { type Brushed, type Choice, type Split, partsOf } from './choice'
import { type Grouping, type Measure, behindOf, hasBefore, isShare, spanBefore, spanOf } from './grades'

/** However many changes come, figures are asked for once in so long; and while changes keep coming, as often. */
const ASK_MS = 1500
const key = ['statistics-areas']
const MINUTE = 60_000

/** Asks again when the live copy says that cases have changed: a storm of changes does not put it off, and does not hurry it. */
export function useFollowing(): void {
  const client = useQueryClient()
  const { version } = useLayer('incident')
  const first = useRef(true)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      void client.invalidateQueries({ queryKey: key })
    }, ASK_MS)
  }, [client, version])
  useEffect(() => () => {
    clearTimeout(timer.current)
    timer.current = undefined
    first.current = true
  }, [])
}

const counted = (measure: Measure) => (isShare(measure) ? 'open' : behindOf(measure))

/** Numbers by area; of the window, or of the one before it. */
export function useFigures({ by, window, brushed, measure }: Choice, before = false) {
  return useQuery({
    queryKey: [...key, before ? 'before' : 'now', by, window, brushed],
    queryFn: () => take(api.GET('/api/statistics/areas', { params: { query: { by, ...(before ? spanBefore : spanOf)(window, Date.now()), ...partsOf(brushed) } } })),
    enabled: !before || hasBefore(measure),
    refetchInterval: MINUTE,
    placeholderData: (last, query) => (query?.queryKey[2] === by ? last : undefined),
  })
}

/** Numbers by hour, weekday, month, class, channel and severity, in the chosen area or in all. */
export const useParts = ({ by, window, brushed, area }: Choice) =>
  useQuery({
    queryKey: [...key, 'parts', by, window, brushed, area],
    queryFn: () => take(api.GET('/api/statistics/parts', { params: { query: { by, area: area ?? 0, ...spanOf(window, Date.now()), ...partsOf(brushed) } } })),
    refetchInterval: MINUTE,
    placeholderData: keepPreviousData,
  })

export const useMultiples = ({ by, window, brushed, split }: Choice, enabled: boolean) =>
  useQuery({
    queryKey: [...key, 'multiples', by, split, window, without(brushed, split)],
    queryFn: () => take(api.GET('/api/statistics/multiples', { params: { query: { by, split, ...spanOf(window, Date.now()), ...partsOf(without(brushed, split)) } } })),
    enabled,
    refetchInterval: MINUTE,
    placeholderData: (last, query) => (query?.queryKey[2] === by && query.queryKey[3] === split ? last : undefined),
  })

const without = (brushed: Brushed, split: Split): Brushed => {
  const { [split]: _, ...rest } = brushed
  return rest
}

export const useFlows = ({ by, window, brushed }: Choice, enabled: boolean) =>
  useQuery({
    queryKey: [...key, 'flows', by, window, brushed],
    queryFn: () => take(api.GET('/api/statistics/flows', { params: { query: { by, ...spanOf(window, Date.now()), ...partsOf(brushed) } } })),
    enabled,
    refetchInterval: MINUTE,
    placeholderData: (last, query) => (query?.queryKey[2] === by ? last : undefined),
  })

export const useHeat = ({ by, window, brushed, measure, area }: Choice, enabled: boolean) =>
  useQuery({
    queryKey: [...key, 'heat', by, window, brushed, counted(measure), area],
    queryFn: () => take(api.GET('/api/statistics/heat', { params: { query: { by, area: area ?? 0, measure: counted(measure), ...spanOf(window, Date.now()), ...partsOf(brushed) } } })),
    enabled,
    refetchInterval: MINUTE,
    placeholderData: keepPreviousData,
  })

/** Shapes change seldom. */
export const useOutlines = (by: Grouping, enabled: boolean) =>
  useQuery({
    queryKey: ['statistics-outlines', by],
    queryFn: async () => (await take(api.GET('/api/statistics/outlines', { params: { query: { by } } }))) as unknown as GeoJSON.FeatureCollection,
    enabled,
    staleTime: 5 * MINUTE,
  })

/** What cameras see, asked for where it is looked at: the server computes it. */
export const useCoverage = (by: Grouping, enabled: boolean) =>
  useQuery({ queryKey: ['coverage', by], queryFn: () => take(api.GET('/api/cameras/coverage', { params: { query: { by: by as 'town' } } })), enabled, refetchInterval: MINUTE })

/** What is opened: a number of an area or of all, or a flow. A number that changed has other cases. */
export type Opened = { area: number; measure: Exclude<Measure, 'seen'>; count: number } | { from: number; to: number; count: number }

export function useBehind({ by, window, brushed }: Choice, opened: Opened) {
  const flow = 'from' in opened
  return useQuery({
    queryKey: [...key, 'cases', by, window, brushed, opened],
    queryFn: async () => {
      const query = { by, ...spanOf(window, Date.now()), ...partsOf(brushed) }
      return flow
        ? (await take(api.GET('/api/statistics/flows/cases', { params: { query: { ...query, origin: opened.from, area: opened.to } } }))).items
        : (await take(api.GET('/api/statistics/cases', { params: { query: { ...query, area: opened.area, measure: behindOf(opened.measure) } } }))).items
    },
    placeholderData: keepPreviousData,
  })
}
