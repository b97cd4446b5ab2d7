import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import type { components } from '../../api/schema.gen'

export type Plan = components['schemas']['Plan']
export type PlanContent = components['schemas']['PlanContent']
export type PlanStep = components['schemas']['PlanStep']

export const plansQuery = queryOptions({ queryKey: ['plans'], queryFn: async () => (await take(api.GET('/api/plans'))).items, staleTime: 300_000, retry: false })
