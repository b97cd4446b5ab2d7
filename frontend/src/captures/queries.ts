import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../api/client'
import type { components } from '../api/schema.gen'

export type Ingest = components['schemas']['Ingest']
export type Capture = components['schemas']['StoredCapture']
export type Uploads = components['schemas']['Uploads']
export type Question = Ingest['questions'][number]

export const uploadsQuery = queryOptions({ queryKey: ['uploads'], queryFn: () => take(api.GET('/api/uploads')), refetchInterval: ({ state }) => (state.data?.originals?.waiting ? 15_000 : false), retry: false })

/** Asked again while anything is under way. */
export const ingestsQuery = queryOptions({
  queryKey: ['ingests'],
  queryFn: async () => (await take(api.GET('/api/ingests'))).items,
  refetchInterval: ({ state }) => (state.data?.some(({ state, job_state }) => (state === 'checking' || state === 'making') && job_state !== 'failed' && job_state !== 'cancelled') ? 1500 : 15_000),
  retry: false,
})

export const capturesQuery = queryOptions({ queryKey: ['captures'], queryFn: async () => (await take(api.GET('/api/captures'))).items, retry: false })

const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes as people read them: 1.2 GB. */
export function bytes(n: number): string {
  let unit = 0
  for (; n >= 1000 && unit < units.length - 1; unit++) n /= 1000
  return `${n >= 100 || unit === 0 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`
}
