import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { classIn } from './categoryClasses'

const rows = readFileSync(join(import.meta.dirname, '../../../postgis/dictionary/gbt47678.5-2026.csv'), 'utf8').trim().split('\n')
const column = rows[0]!.split(',').indexOf('class')
const classes = [...new Set(rows.slice(1).map((row) => row.split(',')[column]!))]

test('every class of the dictionary has an English name', () => {
  expect(classes.length).toBeGreaterThan(8)
  for (const name of classes) {
    expect(classIn(name, 'en')).toMatch(/^[A-Z][a-z ]+$/)
    expect(classIn(name, 'zh')).toBe(name)
  }
})

test('a class that the county has added keeps its name', () => expect(classIn('水利设施类', 'en')).toBe('水利设施类'))
