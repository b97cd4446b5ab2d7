import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import type { components } from '../../api/schema.gen'

export type KnowledgeEntry = components['schemas']['KnowledgeEntry']
export type KnowledgeHit = components['schemas']['KnowledgeHit']
export type KnowledgeInput = components['schemas']['KnowledgeInput']
export type TextPart = components['schemas']['TextPart']

export const knowledgeKey = ['knowledge']

/** What is found by some words; without any, what was changed last. A question that another one overtakes is given up. */
export const knowledgeQuery = (q: string, category: string, limit: number) =>
  queryOptions({
    queryKey: [...knowledgeKey, 'search', q, category, limit],
    queryFn: ({ signal }) => take(api.GET('/api/knowledge', { params: { query: { ...(q && { q }), ...(category && { category }), limit } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })

export const entryQuery = (id: number) =>
  queryOptions({
    queryKey: [...knowledgeKey, 'entry', id],
    queryFn: ({ signal }) => take(api.GET('/api/knowledge/{id}', { params: { path: { id } }, signal })),
    staleTime: 30_000,
  })
