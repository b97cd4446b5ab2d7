// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { actions } from '../../actions'
import type { ActionContext } from '../../actions/types'
import type { Hit, Session } from '../../api/types'
import { workbench } from '../../app/workbench'
import { LiveStore } from '../../live/store'
import { findActions, findKnown } from './items'
import { keepRecent, recentHits } from './recent'

const live = new LiveStore((run) => run())
live.layer('camera').load([
  { type: 'snapshot', layer: 'camera', token: 'a/1', columns: ['name', 'device_id'], ids: [1, 2, 3], values: [['滨江路口', '江北', '江'], ['33012200001320000001', 'X1', null]], last: true } as never,
])
live.layer('unit').load([{ type: 'snapshot', layer: 'unit', token: 'a/1', columns: ['name', 'code', 'name_en'], ids: [9], values: [['巡逻一队'], ['u9'], ['Patrol One']], last: true } as never])

test('whole names come before beginnings, these before the rest', () => {
  expect(findKnown(live, '江').map(({ name }) => name)).toEqual(['江', '江北', '滨江路口'])
})

test('numbers and words of the other language are found, and all words are wanted', () => {
  expect(findKnown(live, '330122').map(({ id }) => id)).toEqual([1])
  expect(findKnown(live, 'one PATROL').map(({ name }) => name)).toEqual(['巡逻一队'])
  expect(findKnown(live, '江 路口').map(({ id }) => id)).toEqual([1])
  expect(findKnown(live, '  ')).toEqual([])
})

test('no more than are wanted of a kind', () => expect(findKnown(live, '江', 1)).toHaveLength(1))

test('actions are found that are possible, those that begin so first', () => {
  const session: Session = { user: { id: 1, login: 'x', name: 'x', roles: ['viewer'], areas: [], disabled: false }, actions: ['read'], version: '' }
  const context: ActionContext = { session, place: { path: '/', selection: null }, bench: workbench.get(), map: null }
  const found = findActions(actions, context, 'toggle', ({ name }) => [name === 'help' ? 'no toggle' : name]).map(({ name }) => name)
  expect(found).toContain('toggleTheme')
  expect(found.at(-1)).toBe('help')
  expect(findActions(actions, context, '', ({ name }) => [name]).map(({ name }) => name)).not.toContain('newIncident')
})

beforeEach(() => sessionStorage.clear())

const hit = (name: string): Hit => ({ kind: 'place', id: 1, name, point: [119, 29] })

test('what was opened last comes first, once, six at most, and to its person alone', () => {
  for (const name of ['a', 'b', 'c', 'a', 'd', 'e', 'f', 'g']) keepRecent(7, hit(name))
  expect(recentHits(7).map(({ name }) => name)).toEqual(['g', 'f', 'e', 'd', 'a', 'c'])
  expect(recentHits(8)).toEqual([])
  sessionStorage.setItem('wanglou.recent.7', '{broken')
  expect(recentHits(7)).toEqual([])
})
