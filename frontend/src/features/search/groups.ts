import type { Hit } from '../../api/types'
import type { Locale } from '../../i18n'

/** Number or code; of a place its name in the other language. */
export const hitDetail = ({ kind, name, detail }: Hit, locale: Locale) => (kind === 'place' && locale === 'en' && detail ? name : detail)

/** What needs somebody comes first, the ground last. */
const order: Hit['kind'][] = ['coordinate', 'incident', 'unit', 'camera', 'area', 'unit_grid', 'place']

export interface HitGroup {
  id: Hit['kind']
  kind: Hit['kind']
  /** With each hit's place in the answer, which is its key. */
  hits: { hit: Hit; index: number }[]
}

/** Hits by kind; within a kind the server's order stays. */
export function groupHits(hits: readonly Hit[]): HitGroup[] {
  return order
    .map((kind) => ({ id: kind, kind, hits: hits.map((hit, index) => ({ hit, index })).filter(({ hit }) => hit.kind === kind) }))
    .filter((group) => group.hits.length > 0)
}
