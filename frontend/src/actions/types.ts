import type { Session } from '../api/types'
import type { Place } from '../app/router'
import type { Workbench } from '../app/workbench'
import type { MapController } from '../map/types'
import type { IconName } from '../ui/icons'

/** What an action may look at to decide whether it is possible now. */
export interface ActionContext {
  session: Session
  place: Place
  bench: Workbench
  map: MapController | null
}

export const actionGroups = ['view', 'queue', 'work', 'map', 'screen'] as const
export type ActionGroup = (typeof actionGroups)[number]

/** One thing a person can do. Menu, button, shortcut, help sheet and test read the same object. */
export interface Action {
  name: string
  /** Key of its wording. */
  label: string
  icon: IconName
  group: ActionGroup
  /** `KeyboardEvent.key` values, each alone: no modifiers, so that the browser's own shortcuts stay. */
  keys: readonly string[]
  /** A key that goes with Ctrl, or ⌘ on a Mac: it works while a text field is typed in, too. */
  chord?: string
  when(context: ActionContext): boolean
  perform(context: ActionContext): void
}
