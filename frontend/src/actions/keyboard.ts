import { actions } from './index'
import type { Action, ActionContext } from './types'

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'target' | 'defaultPrevented'>

/** The action of a key press, or null where the key belongs to somebody else: a text field, a dialog, a focused control, the browser. */
export function actionFor(event: KeyPress, context: ActionContext): Action | null {
  if (event.defaultPrevented || event.isComposing || event.altKey) return null
  if (event.ctrlKey || event.metaKey) return actions.find((action) => action.chord === event.key.toLowerCase() && action.when(context)) ?? null
  const target = event.target instanceof Element ? event.target : null
  if (target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"], [role="listbox"]:not(.list)')) return null // a list beside the map looks for no letters
  if (event.key === 'Enter' && target?.closest('button, a, [role="button"], [role="tab"], [role="switch"]')) return null
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return actions.find((action) => action.keys.includes(key) && action.when(context)) ?? null
}

const shown: Record<string, string> = { Escape: 'Esc', Enter: '↵', ArrowDown: '↓', ArrowUp: '↑' }

/** A key as it is printed on a keyboard. */
export const keyName = (key: string) => shown[key] ?? key.toUpperCase()
/** The keys of an action, as they are printed. */
export const keyNames = ({ keys, chord }: Action) => [...(chord ? [`${/Mac|iP/.test(navigator.platform) ? '⌘' : 'Ctrl '}${chord.toUpperCase()}`] : []), ...keys.map(keyName)]
/** The first shortcut of an action, for tooltips. */
export const shortcut = (action: Action) => (action.keys[0] === undefined ? undefined : keyName(action.keys[0]))
