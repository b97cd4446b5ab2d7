import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import { asApiError } from '../../api/error'
import { queryClient } from '../../api/queries'
import type { components } from '../../api/schema.gen'

export type Marking = components['schemas']['Marking']
export type MarkingInput = components['schemas']['MarkingInput']
export type MarkingAct = components['schemas']['MarkingAct']
export type Content = Pick<Marking, 'kind' | 'standing' | 'label' | 'note' | 'rotation_deg' | 'size' | 'radius_m' | 'locked' | 'geometry'>

export const contentOf = ({ kind, standing, label, note, rotation_deg, size, radius_m, locked, geometry }: Content): Content => ({ kind, standing, label, note, rotation_deg, size, radius_m, locked, geometry })

/** What is drawn for a case, or with 0 in the areas for none, and what the person may take back and do again there. */
export const drawingQuery = (incident: number) =>
  queryOptions({ queryKey: ['markings', incident], queryFn: () => take(api.GET('/api/markings', { params: { query: incident ? { incident } : {} } })) })

export const actsQuery = (id: number, revision: number) =>
  queryOptions({ queryKey: ['marking-acts', id, revision], queryFn: async () => (await take(api.GET('/api/markings/{id}/acts', { params: { path: { id } } }))).items })

export const fresh = (incident: number) => void queryClient.invalidateQueries({ queryKey: drawingQuery(incident).queryKey })

export const drawIt = (body: MarkingInput) => take(api.POST('/api/markings', { body }))
export const changeIt = (id: number, revision: number, content: Content) => take(api.PUT('/api/markings/{id}', { params: { path: { id } }, body: { revision, ...content } }))
export const stepIt = (incident_id: number, step: 'undo' | 'redo') => take(api.POST('/api/markings/steps', { body: { incident_id, step } }))

export async function removeIt(id: number, revision: number): Promise<void> {
  await take(api.DELETE('/api/markings/{id}', { params: { path: { id }, query: { revision } } }))
}

/** Who came first, of an act that was refused because somebody did. */
export const cameFirst = (error: unknown): string | null => {
  const { code, body } = asApiError(error)
  return code === 'conflict' && body.reason === 'stale_revision' ? (body.params?.by ?? '') : null
}
