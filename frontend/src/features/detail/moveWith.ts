/** What filing and closing fix besides the state, as chosen in the case before the move is made. */
export interface MoveWith {
  condition?: string
  closing?: 'error' | 'special'
}

export const moveWith = new Map<number, MoveWith>()

export function fixedBy(incident: number, move: string): MoveWith {
  const { condition, closing } = moveWith.get(incident) ?? {}
  if (move === 'file') return condition ? { condition } : {}
  return move === 'pass' && closing ? { closing } : {}
}
