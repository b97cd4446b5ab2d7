import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '..')
const page = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.tsx'))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n')

/** The components that a file exports. */
const components = (file: string) => [...readFileSync(join(source, file), 'utf8').matchAll(/^export (?:function|const|class) ([A-Z]\w+)/gm)].map(([, name]) => name!)

/** Shown by the page around it: notices stand at the window's foot. The word of the lamp is in its sign. */
const elsewhere = ['Notices', 'LampWord']

test('every component stands on the reference page', () => {
  const files = readdirSync(join(source, 'ui')).filter((name) => name.endsWith('.tsx'))
  const all = files.flatMap((name) => components(`ui/${name}`))
  expect(all.length).toBeGreaterThan(18)
  expect(all.filter((name) => !elsewhere.includes(name) && !new RegExp(`<${name}\\b`).test(page))).toEqual([])
})

test('every sign of the legend stands on the reference page', () => {
  const all = components('features/layers/signs.tsx')
  expect(all.length).toBeGreaterThan(8)
  expect(all.filter((name) => !page.includes(`<${name} `))).toEqual([])
})
