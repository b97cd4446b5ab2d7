import { describe, expect, test } from 'vitest'
import { columnsFor } from '../console/columns'
import { formatPlace, parsePlace } from './router'
import { remFor } from './scale'
import { keeps, readSettings } from './settings'

describe('the address', () => {
  test('holds view and selection', () => {
    const place = { path: '/detections', selection: { layer: 'detection', id: 12 } }
    const address = formatPlace(place, '?display=wall')
    expect(address).toBe('/detections?display=wall&sel=detection/12')
    expect(parsePlace('/detections', address.slice(address.indexOf('?')))).toEqual(place)
  })

  test('that makes no sense selects nothing', () => {
    for (const search of ['?sel=', '?sel=incident', '?sel=incident/x', '?sel=../7', '?sel=Incident/7']) expect(parsePlace('/', search).selection).toBeNull()
  })

  test('without a selection has no trace of one', () => {
    expect(formatPlace({ path: '/', selection: null }, '?sel=incident/3')).toBe('/')
  })

  test('may end with a slash', () => {
    expect(parsePlace('/field/', '').path).toBe('/field')
    expect(parsePlace('/', '').path).toBe('/')
  })
})

describe('settings', () => {
  test('are dark, Chinese and for a desk at first', () => {
    expect(readSettings('', null)).toEqual({ theme: 'dark', locale: 'zh', display: 'desk' })
  })

  test('come from the storage, and the address wins', () => {
    const stored = JSON.stringify({ theme: 'light', locale: 'en', display: 'wall' })
    expect(readSettings('', stored)).toEqual({ theme: 'light', locale: 'en', display: 'wall' })
    expect(readSettings('?display=desk&theme=dark&lang=zh', stored)).toEqual({ theme: 'dark', locale: 'zh', display: 'desk' })
  })

  test('survive nonsense', () => {
    expect(readSettings('?theme=pink', '{oops')).toEqual({ theme: 'dark', locale: 'zh', display: 'desk' })
    expect(readSettings('', '{"locale":"de"}').locale).toBe('zh')
  })

  test('are not those of a scene: a screen of a wall keeps nothing', () => {
    expect(keeps('?display=wall&wall=7&screen=1,3&lang=en')).toBe(false)
    expect(keeps('?display=wall&lang=en')).toBe(true)
    expect(keeps('')).toBe(true)
  })
})

describe('the size of text', () => {
  test('follows the height, not the width', () => {
    expect(remFor(1080, 'desk')).toBeCloseTo(16.9, 1)
    expect(remFor(2160, 'desk')).toBeCloseTo(33.8, 1)
    expect(remFor(1080, 'desk', 1920)).toBe(remFor(1080, 'desk')) // an ordinary screen has room
    expect(remFor(1920, 'desk', 1080)).toBe(14) // one that stands upright
  })

  test('on a wall is never below 30 px', () => {
    for (const height of [720, 1080, 2160]) expect(remFor(height, 'wall')).toBeGreaterThanOrEqual(30)
  })
})

test('width adds columns', () => {
  const at = (width: number, height: number, display: 'desk' | 'wall') => columnsFor(width / remFor(height, display))
  expect(at(1920, 1080, 'desk')).toBe(1)
  expect(at(3840, 2160, 'desk')).toBe(1)
  expect(at(2560, 1080, 'desk')).toBe(2)
  expect(at(3840, 1080, 'desk')).toBe(3)
  expect(at(1920, 1080, 'wall')).toBe(1)
  expect(at(3840, 1080, 'wall')).toBe(2)
  expect(at(1024, 768, 'desk')).toBe(1)
})
