import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, take } from '../../api/client'

/** A value that changes once the typing rests. */
export function useResting<T>(value: T, ms = 350): T {
  const [resting, setResting] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setResting(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return resting
}

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
