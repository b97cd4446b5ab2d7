/** One stop of the tour: what it shows of the console, by the first of these that is there, and what it says. */
export interface Step {
  name: string
  show: readonly string[]
  /** The most urgent case is opened for it. */
  opens?: true
  /** For those alone who may do this. */
  action?: string
}

const all: readonly Step[] = [
  { name: 'lamp', show: ['[data-testid=lamp]'] },
  { name: 'queue', show: ['[data-testid=list-incident]', '.column-right'] },
  { name: 'case', show: ['.column-detail'], opens: true },
  { name: 'dispatch', show: ['[data-testid=dispatch-list]', '.column-detail'], opens: true, action: 'task.dispatch' },
  { name: 'map', show: ['[data-testid=layers]', '[data-testid=layers-open]', '.stage'] },
  { name: 'palette', show: ['#search'] },
  { name: 'alarm', show: ['[data-testid=alarm]', '[data-testid=account]'], action: 'task.dispatch' },
  { name: 'help', show: ['[data-testid=open-help]'] },
]

export const stepsFor = (may: (action: string) => boolean): Step[] => all.filter(({ action }) => action === undefined || may(action))

interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

const GAP = 12

/** Where the card stands: beside what is shown, on the first side with room for it, else over its lower end. Pixels of the window. */
export function placeCard(target: Box | null, card: { width: number; height: number }, view: { width: number; height: number }): { left: number; top: number } {
  const within = (at: { left: number; top: number }) => ({
    left: Math.max(GAP, Math.min(at.left, view.width - card.width - GAP)),
    top: Math.max(GAP, Math.min(at.top, view.height - card.height - GAP)),
  })
  if (!target) return within({ left: (view.width - card.width) / 2, top: (view.height - card.height) / 2 })
  const { left, top, right, bottom } = target
  if (bottom + GAP + card.height <= view.height - GAP) return within({ left: (left + right - card.width) / 2, top: bottom + GAP })
  if (left - GAP - card.width >= GAP) return within({ left: left - GAP - card.width, top })
  if (right + GAP + card.width <= view.width - GAP) return within({ left: right + GAP, top })
  if (top - GAP - card.height >= GAP) return within({ left: (left + right - card.width) / 2, top: top - GAP - card.height })
  return within({ left: (left + right - card.width) / 2, top: bottom - card.height - GAP })
}
