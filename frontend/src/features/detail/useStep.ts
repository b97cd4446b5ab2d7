import { useMutation, useQueryClient } from '@tanstack/react-query'
import { asApiError, errorText } from '../../api/error'
import { incidentQuery } from '../../api/queries'
import { useText } from '../../i18n'
import { notify } from '../../ui/notices'
import type { ConflictSeen } from './Conflict'

/**
 * One step on a case. Afterwards the case is asked for anew, whether it went well or not; somebody else's earlier step is
 * told as a conflict with the fresh log, anything else as a notice.
 */
export function useStep<Input>(incident: number, run: (input: Input) => Promise<unknown>, said: (input: Input) => string, onConflict: (seen: ConflictSeen) => void) {
  const client = useQueryClient()
  const { t, has } = useText()
  return useMutation({
    mutationFn: run,
    onSuccess: (_, input) => {
      notify('done', said(input))
      void client.invalidateQueries({ queryKey: ['incident', incident] })
    },
    onError: async (error) => {
      const wrong = asApiError(error)
      void client.invalidateQueries({ queryKey: ['incident', incident] })
      if (wrong.code !== 'conflict') {
        if (wrong.code !== 'unauthorized') notify('wrong', errorText(wrong, t, has))
        return
      }
      const fresh = await client.fetchQuery({ ...incidentQuery(incident), staleTime: 0 }).catch(() => null)
      onConflict({ error: wrong, log: fresh?.log ?? [] })
    },
  })
}
