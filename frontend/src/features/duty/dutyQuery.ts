import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import type { components } from '../../api/schema.gen'

export type Duty = components['schemas']['Duty']
export type Shift = components['schemas']['Shift']

/** Who is on duty where the caller works. A shift begins on the minute. */
export const dutyQuery = queryOptions({ queryKey: ['duty'], queryFn: () => take(api.GET('/api/duty')), refetchInterval: 60_000, staleTime: 20_000, retry: false })
