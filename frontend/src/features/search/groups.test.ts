import { expect, test } from 'vitest'
import type { Hit } from '../../api/types'
import { groupHits } from './groups'

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
