import { describe, expect, it } from 'vitest'
import { addressOf, placeOfHash, refused } from './pictures'

describe('the place of a QR code', () => {
  it('comes back from the address', () => {
    const address = addressOf('https://wl.example', ' 滨江公园东门 & 码头 ', '119.68, 29.79')
    expect(address.startsWith('https://wl.example/citizen#')).toBe(true)
    expect(placeOfHash(new URL(address).hash)).toEqual({ where: '滨江公园东门 & 码头', at: [119.68, 29.79] })
  })
  it.each([
    ['', '', null],
    ['#where=a', 'a', null],
    ['#at=1', '', null],
    ['#at=,', '', null],
    ['#at=200,10', '', null],
    ['#at=x,y', '', null],
  ])('%s is nothing that misleads', (hash, where, at) => {
    expect(placeOfHash(hash)).toEqual({ where, at })
  })
  it('leads to the page alone where nothing is said', () => {
    expect(addressOf('http://h', '  ', 'nowhere')).toBe('http://h/citizen')
  })
})

it('says what is no picture before it is sent', () => {
  expect(refused({ type: 'image/jpeg', size: 10 })).toBe(null)
  expect(refused({ type: 'image/heic', size: 10 })).toBe('type')
  expect(refused({ type: 'video/mp4', size: 10 })).toBe('type')
  expect(refused({ type: 'image/jpeg', size: 0 })).toBe('size')
  expect(refused({ type: 'image/jpeg', size: 80 << 20 })).toBe('size')
})
