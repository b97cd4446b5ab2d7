import { expect, test } from 'vitest'
import type { KnowledgeEntry } from '../features/knowledge/queries'
import { toForm, toInput } from './knowledge'

const entry: KnowledgeEntry = {
  id: 3, revision: 4, title: '占用消防通道', title_en: 'Blocked fire lanes', body: '拨打 119。', categories: ['09012', '06001'], keywords: ['堵塞', 'fire lane'],
  department: '消防救援大队', valid_from: '', valid_until: '2026-12-31', source: '示意', expired: false, updated_at: '2026-01-01T00:00:00Z',
}

test('an entry comes out of its form as it went in', () => {
  const { id, expired, updated_at, ...kept } = entry
  expect(toInput(toForm(entry), entry.revision)).toEqual(kept)
})

test('lists are taken apart as people write them', () => {
  const form = { ...toForm(null), title: ' 题 ', body: '文' }
  expect(toInput({ ...form, keywords: '停水 断水' })).toMatchObject({ title: '题', keywords: ['停水', '断水'], categories: [] })
  expect(toInput({ ...form, keywords: '停水、 断水；fire lane，', categories: '09012、06001 ' })).toMatchObject({ keywords: ['停水', '断水', 'fire lane'], categories: ['09012', '06001'] })
})
