import { expect, it } from 'vitest'
import { type Done, actsTold, drawnThen } from './drawn'

const content = { kind: 'hazard', standing: 'actual', size: 1, label: '储罐', geometry: { type: 'Point', coordinates: [119.6, 29.8] } } as Done['content']
const act = (id: number, marking_id: number, more: Partial<Done> = {}): Done => ({ id, marking_id, deed: 'change', kind: 'hazard', label: '储罐', by: '甲', at: '2026-05-01T00:00:00Z', undone: false, content, ...more })

it('draws what the last act made of each marking, without what was taken off or taken back', () => {
  const acts = [act(1, 7, { deed: 'draw' }), act(2, 8, { deed: 'draw' }), act(3, 7, { content: { ...content!, label: '二号' } }), act(4, 8, { deed: 'remove', content: null }), act(5, 9, { deed: 'draw', undone: true }), act(6, 7, { undone: true })]
  expect(drawnThen(acts).map(({ id, row }) => [id, row.label, row.radius_m])).toEqual([[7, '二号', 0]])
})

it('tells a run of changes once', () => {
  const acts = [act(1, 7, { deed: 'draw' }), act(2, 7), act(3, 7), act(4, 7, { by: '乙' }), act(5, 8), act(6, 7, { undone: true }), act(7, 7, { deed: 'remove', content: null })]
  expect(actsTold(acts).map(({ id }) => id)).toEqual([1, 3, 4, 5, 6, 7])
})
