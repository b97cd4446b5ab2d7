import { expect, test } from 'vitest'
import type { Category } from '../api/types'
import { countByCategory, groupsOf } from './categories'

const category = (code: string, name: string, more: Partial<Category> = {}): Category => ({ id: Number(code), revision: 1, standard: 'gbt47678.5-2026', kind: 'item', code, class: '街面秩序', name, name_en: '', ...more })
const all = [
  category('01050', '监控电子眼', { kind: 'component', class: '公用设施' }),
  category('06013', '道路破损', { class: '市容环境', name_en: 'Damaged road', retired: true }),
  category('09009', '机动车乱停放'),
  category('09012', '占用消防通道', { name_en: 'Blocked fire lane' }),
]
const found = (sought: Partial<Parameters<typeof groupsOf>[1]>) => groupsOf(all, { text: '', kind: '', state: '', ...sought }).map((group) => `${group.prefix} ${group.items.map((each) => each.code).join(' ')}`)

test('categories stand by their classes, items first', () => {
  expect(found({})).toEqual(['06 06013', '09 09009 09012', '01 01050'])
  expect(groupsOf(all, { text: '', kind: '', state: '' })[0]!.retired).toBe(1)
})

test('they are found by code, name in either language and class', () => {
  expect(found({ text: '090' })).toEqual(['09 09009 09012'])
  expect(found({ text: ' FIRE ' })).toEqual(['09 09012'])
  expect(found({ text: '公用' })).toEqual(['01 01050'])
  expect(found({ text: '没有' })).toEqual([])
})

test('they are chosen by kind and state', () => {
  expect(found({ kind: 'component' })).toEqual(['01 01050'])
  expect(found({ state: 'retired' })).toEqual(['06 06013'])
  expect(found({ state: 'offered', text: '0' })).toEqual(['09 09009 09012', '01 01050'])
})

test('rules are counted by the category that they name', () => {
  expect([...countByCategory([{ category: '09012' }, { category: '' }, {}, { category: '09012' }])]).toEqual([['09012', 2]])
  expect(countByCategory(undefined).size).toBe(0)
})
