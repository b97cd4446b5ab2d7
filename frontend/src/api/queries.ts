import { QueryClient, queryOptions } from '@tanstack/react-query'
import { api, take } from './client'
import { asApiError } from './error'
import { replayQuery } from '../live/replay'

/** Answers that a second try cannot change are not asked for again. */
const worthRetrying = (error: unknown) => ['network', 'unavailable', 'internal'].includes(asApiError(error).code)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && worthRetrying(error),
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4000),
      refetchOnWindowFocus: false, // what changes comes by the live stream
      staleTime: 30_000,
      networkMode: 'always', // an intranet is "offline" to the browser, and works
    },
    mutations: { networkMode: 'always' },
  },
})

const hour = 3_600_000

export const catalogQuery = queryOptions({ queryKey: ['catalog'], queryFn: () => take(api.GET('/api/catalog', { params: { query: replayQuery } })), staleTime: hour })

/** Everything that has tiles. Tables and views come and go, and may fail. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: async () => (await take(api.GET('/api/sources'))).items,
  refetchInterval: 15_000,
})

export const areasQuery = queryOptions({
  queryKey: ['areas'],
  queryFn: async () => (await take(api.GET('/api/areas'))).items,
  staleTime: hour,
})

/** An administrator may change it at any time; the server refuses what was retired meanwhile. Equal answers draw nothing anew. */
export const categoriesQuery = queryOptions({
  queryKey: ['categories'],
  queryFn: async () => (await take(api.GET('/api/categories'))).items,
  staleTime: 60_000,
})

export const alarmKindsQuery = queryOptions({ queryKey: ['alarm-kinds'], queryFn: async () => (await take(api.GET('/api/intake/alarms/kinds'))).items })

export const rolesQuery = queryOptions({ queryKey: ['roles'], queryFn: () => take(api.GET('/api/roles')) })

/** Figures that the live layers cannot give; the hour's bar moves slowly, so once in a minute is enough. */
export const statisticsQuery = queryOptions({
  queryKey: ['statistics'],
  queryFn: () => take(api.GET('/api/statistics')),
  refetchInterval: 60_000,
})

export const incidentQuery = (id: number) =>
  queryOptions({ queryKey: ['incident', id], queryFn: () => take(api.GET('/api/incidents/{id}', { params: { path: { id } } })) })

export const recommendationsQuery = (id: number) =>
  queryOptions({
    queryKey: ['incident', id, 'recommendations'],
    queryFn: () => take(api.GET('/api/incidents/{id}/recommendations', { params: { path: { id } } })),
    refetchInterval: 20_000, // units move
  })

export const featureQuery = (layer: string, id: number) =>
  queryOptions({
    queryKey: ['feature', layer, id],
    queryFn: () => take(api.GET('/api/layers/{layer}/features/{id}', { params: { path: { layer, id }, query: replayQuery } })),
  })

export const nearQuery = (layer: string, point: readonly number[], radius: number, limit: number) =>
  queryOptions({
    queryKey: ['near', layer, point.join(), radius, limit],
    queryFn: async () =>
      (await take(api.GET('/api/layers/{layer}/features', { params: { path: { layer }, query: { near: `${point[0]},${point[1]}`, radius, limit, ...replayQuery } } })))
        .features,
  })

export const unitsQuery = queryOptions({
  queryKey: ['units'],
  queryFn: async () => (await take(api.GET('/api/units'))).items,
})

export const myTasksQuery = queryOptions({
  queryKey: ['my-tasks'],
  queryFn: async () => (await take(api.GET('/api/tasks'))).items,
  staleTime: 0,
  refetchOnWindowFocus: true, // a phone sleeps
  refetchInterval: 60_000,
})

export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: async () => (await take(api.GET('/api/users'))).items })

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    queryFn: async ({ signal }) => (await take(api.GET('/api/search', { params: { query: { q, limit: 20 } }, signal }))).items,
    enabled: q.length > 0,
  })

/** The stretch of time that can be replayed. */
export const replaysQuery = queryOptions({ queryKey: ['replays'], queryFn: () => take(api.GET('/api/replays')), staleTime: 60_000 })

/** Moments that somebody marked, the latest first. */
export const bookmarksQuery = queryOptions({ queryKey: ['bookmarks'], queryFn: async () => (await take(api.GET('/api/bookmarks'))).items, refetchInterval: 60_000 })

/** Warnings in force. */
export const alertsQuery = queryOptions({ queryKey: ['alerts'], queryFn: async () => (await take(api.GET('/api/alerts'))).items, refetchInterval: 20_000 })

/** How many cases began in each stretch of a span. */
export const timelineQuery = (from: number, until: number, stretches: number) =>
  queryOptions({
    queryKey: ['timeline', from, until, stretches],
    queryFn: () => take(api.GET('/api/timeline', { params: { query: { from: new Date(from).toISOString(), until: new Date(until).toISOString(), stretches } } })),
    placeholderData: (before) => before,
    refetchInterval: 60_000,
  })
