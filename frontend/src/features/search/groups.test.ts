import { expect, test } from 'vitest'
import type { Hit } from '../../api/types'
import { nameIn } from '../../domain/names'
import { groupHits, hitDetail } from './groups'

const hit = (kind: Hit['kind'], name: string): Hit => ({ kind, name, point: [119.7, 29.8] })

test('hits are grouped by kind, cases before places; the order of the server stays within a kind', () => {
  const groups = groupHits([hit('place', '江滨路'), hit('camera', 'C2'), hit('incident', '道路塌陷'), hit('camera', 'C1')])
  expect(groups.map((group) => [group.kind, group.hits.map(({ hit: { name } }) => name)])).toEqual([
    ['incident', ['道路塌陷']],
    ['camera', ['C2', 'C1']],
    ['place', ['江滨路']],
  ])
})

test('every hit keeps its place in the answer, which is its key', () => {
  const groups = groupHits([hit('place', 'a'), hit('incident', 'b')])
  expect(groups.flatMap((group) => group.hits.map(({ index }) => index)).sort()).toEqual([0, 1])
})

test('a hit is called as the screen calls things, and a place says its other name beside it', () => {
  const unit = { ...hit('unit', '巡查7组'), name_en: 'Patrol 7', detail: 'P07' }
  expect([nameIn(unit, 'en'), nameIn(unit, 'zh'), hitDetail(unit, 'en')]).toEqual(['Patrol 7', '巡查7组', 'P07'])
  const place = { ...hit('place', '城南街道'), name_en: 'Chengnan', detail: 'Chengnan' }
  expect([nameIn(place, 'en'), hitDetail(place, 'en')]).toEqual(['Chengnan', '城南街道'])
  expect([nameIn(place, 'zh'), hitDetail(place, 'zh')]).toEqual(['城南街道', 'Chengnan'])
  expect(nameIn(hit('camera', 'C1'), 'en')).toBe('C1')
})
