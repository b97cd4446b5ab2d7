import { expect, test } from 'vitest'
import type { Category } from '../../api/types'
import { findCategories } from './findCategories'

const category = (code: string, name: string, name_en: string, kind: Category['kind'] = 'item', group = '街面秩序'): Category => ({ id: Number(code), revision: 1, standard: 'gbt47678.5-2026', kind, code, class: group, name, name_en })
const all = [
  category('01050', '监控电子眼', 'Surveillance camera', 'component', '公用设施'),
  category('06013', '道路破损', 'Damaged road'),
  category('08016', '无证建设', 'Building without permit', 'item', '规划建设'),
  category('09012', '占用消防通道', 'Blocked fire lane'),
]
const codes = (text: string, chosen: string | null = null) => findCategories(all, text, chosen).map(({ code }) => code)

test('finds by name in either language, by code and by class', () => {
  expect(codes('消防')).toEqual(['09012'])
  expect(codes('fire')).toEqual(['09012'])
  expect(codes('0801')).toEqual(['08016'])
  expect(codes('规划')).toEqual(['08016'])
})

test('shows everything at first, items before components', () => {
  expect(codes('')).toEqual(['06013', '08016', '09012', '01050'])
})

test('shows everything again when the box is opened on a chosen one', () => {
  expect(codes('道路破损', '06013')).toHaveLength(4)
})

test('names that begin with the text come first', () => {
  const more = [...all, category('06001', '私搭乱建', 'Illegal road stall')]
  expect(findCategories(more, 'damaged', null)[0]!.code).toBe('06013')
})

test('a code that stands in two dictionaries is offered once', () => {
  const twice = [...all, { ...category('06013', '道路破损（旧）', ''), standard: 'gbt30428.2-2013' }]
  expect(findCategories(twice, '06013', null)).toHaveLength(1)
})

test('a retired one is offered to nobody but who has it', () => {
  const retired = all.map((each) => ({ ...each, retired: each.code === '06013' }))
  expect(findCategories(retired, '', null).map(({ code }) => code)).toEqual(['08016', '09012', '01050'])
  const component = category('06013', '路面', 'Road', 'component', '公用设施')
  expect(findCategories([{ ...component, retired: true }, ...all], '0601', null).map(({ name }) => name)).toEqual(['道路破损']) // its code is an item's too
  expect(findCategories(retired, '道路破损', '06013').map(({ code }) => code)).toContain('06013')
})
