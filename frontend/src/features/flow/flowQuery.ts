import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import type { components } from '../../api/schema.gen'

export type CaseFlow = components['schemas']['CaseFlow']
export type CaseRequest = components['schemas']['CaseRequest']
export type RequestKind = components['schemas']['RequestKind']
export type FiredPlan = components['schemas']['FiredPlan']
export type Limit = components['schemas']['Limit']

/** What is asked and decided in a case. Its key begins as the case's, so that whatever makes the case stale does so here. */
export const flowQuery = (id: number) =>
  queryOptions({ queryKey: ['incident', id, 'flow'], queryFn: () => take(api.GET('/api/incidents/{id}/flow', { params: { path: { id } } })), retry: false })
