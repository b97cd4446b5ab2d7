import { expect, it } from 'vitest'
import { TileFreshness } from './freshness'

const tile = (key: string) => {
  const [z, x, y] = key.split('/').map(Number) as [number, number, number]
  return { z, x, y }
}

function asked(...keys: string[]) {
  const fresh = new TileFreshness()
  for (const key of keys) fresh.requested(tile(key))
  return fresh
}

it('renews the named tile, those that hold it and those inside it', () => {
  const fresh = asked('16/8/8', '15/4/4', '10/0/0', '17/16/17', '16/9/8', '15/5/4')
  fresh.name(['16/8/8'])
  const stale = fresh.stale(['16/8/8', '15/4/4', '10/0/0', '17/16/17', '16/9/8', '15/5/4'].map(tile))
  expect(stale).toEqual(['16/8/8', '15/4/4', '10/0/0', '17/16/17'].map(tile))
})

it('leaves a tile alone once it was asked for again', () => {
  const fresh = asked('16/8/8')
  fresh.name(['16/8/8'])
  fresh.requested(tile('16/8/8'))
  expect(fresh.stale([tile('16/8/8')])).toEqual([])
  fresh.name(['16/8/8'])
  expect(fresh.stale([tile('16/8/8')])).toHaveLength(1)
})

it('remembers for a hidden tile what was named while it was hidden', () => {
  const fresh = asked('16/8/8', '12/0/0')
  fresh.name(['16/8/8'])
  fresh.requested(tile('12/0/0')) // only this one is on the screen
  for (let i = 0; i < 100; i++) fresh.name([`16/${1000 + i}/0`])
  expect(fresh.stale([tile('16/8/8')])).toHaveLength(1)
})

it('does not ask twice for a tile that came after the change', () => {
  const fresh = new TileFreshness()
  fresh.name('all')
  expect(fresh.stale([tile('16/8/8')])).toEqual([]) // never asked for: it is under way
})

it('renews everything when all tiles are named, or too many', () => {
  const fresh = asked('16/8/8', '3/0/0')
  fresh.name('all')
  expect(fresh.stale(['16/8/8', '3/0/0'].map(tile))).toHaveLength(2)
  const many = asked('16/60000/60000')
  many.name(Array.from({ length: 5000 }, (_, i) => `16/${i}/0`))
  expect(many.stale([tile('16/60000/60000')])).toHaveLength(1)
})

it('ignores a name that is none', () => {
  const fresh = asked('16/8/8')
  fresh.name(['here', '1/2', '16/x/8'])
  expect(fresh.stale([tile('16/8/8')])).toEqual([])
})
