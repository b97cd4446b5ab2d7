import type { components } from '../api/schema.gen'
import type { Drawable } from '../map/markings/shapes'

export type Done = components['schemas']['MarkingDone']

/** What lies on the map after some acts: of each marking what the last one made of it that was not taken back. */
export function drawnThen(acts: readonly Done[]): { id: number; row: Drawable }[] {
  const now = new Map<number, Done['content']>()
  for (const { marking_id, undone, content } of acts) if (!undone) now.set(marking_id, content)
  return [...now].flatMap(([id, content]) => (content ? [{ id, row: { label: '', rotation_deg: 0, radius_m: 0, ...content } as Drawable }] : []))
}

/** The acts that a reader is told of: whoever moved a marking twenty times, one after the other, changed it, the last time then. */
export function actsTold(acts: readonly Done[]): Done[] {
  return acts.filter((act, i) => {
    const next = acts[i + 1]
    return !(act.deed === 'change' && next?.deed === 'change' && next.marking_id === act.marking_id && next.by === act.by && next.undone === act.undone)
  })
}
