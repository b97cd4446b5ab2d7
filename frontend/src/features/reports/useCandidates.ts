import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import { useResting } from '../../lib/useResting'

/** Open cases that what is being typed would tell of. Old answers stay until the new one is there. */
export function useCandidates(title: string, description: string, category: string | null, point: readonly number[]) {
  const asked = useResting(`${title.trim()}\n${description.trim()}`)
  const [words = '', ...rest] = asked.split('\n')
  return useQuery({
    queryKey: ['candidates', asked, category, point.join()],
    enabled: words.length >= 2 || category !== null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    queryFn: async () =>
      (await take(api.POST('/api/reports/candidates', { body: { title: words, description: rest.join('\n'), category: category ?? '', point: [...point] } }))).items,
  })
}
