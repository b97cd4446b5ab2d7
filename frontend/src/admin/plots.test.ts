import { describe, expect, test } from 'vitest'
import { fileParams, repeatedRule } from './plots'

const form = { source: ' 国土 ', crs: '', id: 'BSM', name: '', kind: 'farmland', reason: '不得建房', weight: '3', repair: true, skip_wrong: false, prune: true }

describe('parameters of an import', () => {
  test('say what is filled in', () => {
    expect(Object.fromEntries(fileParams('zone', 'a.zip', form, true))).toEqual({ filename: 'a.zip', source: '国土', id: 'BSM', kind: 'farmland', reason: '不得建房', weight: '3', repair: 'true', prune: 'true', dry_run: 'true' })
  })
  test('leave out what a layer does not have', () => {
    expect(Object.fromEntries(fileParams('permit', 'a.zip', form, false))).toEqual({ filename: 'a.zip', source: '国土', repair: 'true' })
    expect(Object.fromEntries(fileParams('lawful_building', 'a.zip', form, false))).toEqual({ filename: 'a.zip', source: '国土', id: 'BSM', repair: 'true', prune: 'true' })
  })
})

test('a rule that stands there twice is found', () => {
  const rule = { area_path: '', move: 'issue' as const, persons: 2 as const }
  expect(repeatedRule([rule, { ...rule, move: 'clear' }])).toBe(-1)
  expect(repeatedRule([rule, { ...rule, area_path: '330122' }, { ...rule, persons: 1 }])).toBe(2)
})
