import { useQuery } from '@tanstack/react-query'
import { api, take } from '../api/client'
import { may, useSession } from '../app/session'

/** Who turns a camera is asked for so often while its buttons are open. */
const AGAIN_MS = 3000

/** Whether a camera can be turned by this person, and who does so now. `wanted`: it is looked at in a picture that is large enough. */
export function useControl(id: number, wanted: boolean, repeated = false): { turns: boolean; by?: { user_id: number; name: string } } {
  const mayTurn = may(useSession(), 'task.dispatch')
  const asked = useQuery({
    queryKey: ['control', id],
    queryFn: () => take(api.GET('/api/cameras/{id}/control', { params: { path: { id } } })),
    enabled: wanted && mayTurn,
    refetchInterval: repeated ? AGAIN_MS : false,
    retry: false,
  })
  return { turns: mayTurn && !!asked.data?.turns, by: asked.data?.by }
}
