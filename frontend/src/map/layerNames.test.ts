import { expect, test } from 'vitest'
import { layerNames } from './layerNames'

const text = (s: string) => [...new TextEncoder().encode(s)]
const layer = (name: string) => {
  const body = [0x78, 2, 0x0a, text(name).length, ...text(name), 0x28, 0x80, 0x20] // version, name, extent
  return [0x1a, body.length, ...body]
}

test('names of a tile’s layers', () => {
  expect(layerNames(new Uint8Array([...layer('water'), ...layer('公交站')]))).toEqual(['water', '公交站'])
})

test('what is no tile has no layers', () => {
  expect(layerNames(new Uint8Array())).toEqual([])
  expect(layerNames(new Uint8Array(text('<!doctype html>')))).toEqual([])
  expect(layerNames(new Uint8Array([0x1a, 200, 1, 2, 3]))).toEqual([])
})
