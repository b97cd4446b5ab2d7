import { expect, test } from 'vitest'
import { type Device, treeOf } from './devices'
import { lampOf, placesOf } from './eventSources'

const device = (id: number, parent_id?: number): Device => ({ id, parent_id, revision: 1, kind: 'switch', name: String(id), cameras: 0, below: 0, down: 0, out: false })

test('devices stand in the order of their tree', () => {
  expect(treeOf([device(3, 2), device(1), device(2, 1), device(4, 99)]).map((each) => `${each.device.id}/${each.depth}`)).toEqual(['1/0', '2/1', '3/2', '4/0'])
})

test('a lamp has a shape for each state, and lines without a camera are not sent', () => {
  expect((['up', 'down', 'waiting', 'off'] as const).map(lampOf)).toEqual(['live', 'offline', 'connecting', 'connecting'])
  expect(placesOf([{ channel: ' 1 ', camera: 7 }, { channel: '2', camera: null }])).toEqual([{ channel: '1', camera_id: 7 }])
})
