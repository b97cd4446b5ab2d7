// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import type { Session } from '../api/types'
import { workbench } from '../app/workbench'
import { actions } from './index'
import { actionFor } from './keyboard'
import type { ActionContext } from './types'

const session = (...allowed: string[]): Session => ({
  user: { id: 1, login: 'duty', name: '陈立', roles: ['duty_officer'], areas: ['330122'], disabled: false },
  actions: ['read', ...allowed],
  version: 'test',
})

const context = (change: Partial<ActionContext> = {}): ActionContext => ({
  session: session('incident.create', 'task.dispatch'),
  place: { path: '/', selection: null },
  bench: workbench.get(),
  map: null,
  ...change,
})

const press = (key: string, target: Element = document.body, more: Partial<KeyboardEvent> = {}) =>
  actionFor({ key, target, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false, ...more }, context())

test('names are unique', () => {
  const names = actions.map((action) => action.name)
  expect(new Set(names).size).toBe(names.length)
})

test('no key belongs to two actions', () => {
  const keys = actions.flatMap((action) => action.keys)
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
})

test('keys need no modifier, so that the browser keeps its own shortcuts', () => {
  for (const key of actions.flatMap((action) => action.keys)) expect(key).toMatch(/^(.|Enter|Escape)$/)
})

describe('a key press', () => {
  test('finds its action, also with caps lock', () => {
    expect(press('/')?.name).toBe('search')
    expect(press('T')?.name).toBe('toggleTheme')
  })

  test('belongs to a text field while one is typed in', () => {
    const input = document.createElement('input')
    expect(press('n', input)).toBeNull()
    expect(press('/', document.createElement('textarea'))).toBeNull()
  })

  test('belongs to an open dialog', () => {
    const dialog = document.createElement('div')
    dialog.setAttribute('role', 'dialog')
    const inside = dialog.appendChild(document.createElement('p'))
    expect(press('j', inside)).toBeNull()
  })

  test('belongs to an open list of choices, and not to the list beside the map', () => {
    const list = document.createElement('div')
    list.setAttribute('role', 'listbox')
    const row = list.appendChild(document.createElement('div'))
    expect(press('t', row)).toBeNull()
    list.className = 'list'
    expect(press('t', row)?.name).toBe('toggleTheme')
  })

  test('with a modifier belongs to the browser', () => {
    expect(press('t', document.body, { ctrlKey: true })).toBeNull()
    expect(press('l', document.body, { metaKey: true })).toBeNull()
    expect(press('1', document.body, { altKey: true })).toBeNull()
  })

  test('with Ctrl or ⌘ finds the palette, also while a text field is typed in', () => {
    expect(press('k', document.createElement('input'), { ctrlKey: true })?.name).toBe('palette')
    expect(press('K', document.body, { metaKey: true })?.name).toBe('palette')
    expect(press('k', document.body, { ctrlKey: true, altKey: true })).toBeNull()
  })

  test('while Chinese is being composed is left alone', () => {
    expect(press('n', document.body, { isComposing: true })).toBeNull()
  })

  test('does nothing where the action is not possible', () => {
    expect(press('Escape')).toBeNull() // nothing is selected
    const selected = context({ place: { path: '/', selection: { layer: 'incident', id: 7 } } })
    const escape = { key: 'Escape', target: document.body, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false }
    expect(actionFor(escape, selected)?.name).toBe('close')
  })
})

test('actions ask for the rights they need', () => {
  const viewer = context({ session: session(), place: { path: '/', selection: { layer: 'incident', id: 7 } } })
  const possible = actions.filter((action) => action.when(viewer)).map((action) => action.name)
  expect(possible).not.toContain('newIncident')
  expect(possible).not.toContain('dispatchList')
  expect(possible).not.toContain('admin')
  expect(possible).toContain('close')
})
