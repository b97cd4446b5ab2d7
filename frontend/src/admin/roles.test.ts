import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startI18n } from '../i18n'
import { changes, grouped, roleTitle } from './roles'

startI18n()
const { enRoles, zhRoles } = await import('../i18n/roles') // adds itself to what is started

const source = readFileSync(join(import.meta.dirname, '../../../layers/auth/role.go'), 'utf8')
const actions = [...source.matchAll(/^\tAction\w+\s+Action = "([a-z.]+)"/gm)].map((m) => m[1]!)

test('every action of the server has its group and its words', () => {
  expect(actions.length).toBeGreaterThan(25)
  const shown = grouped(actions)
  expect(shown.flatMap((group) => group.actions).sort()).toEqual([...actions].sort())
  expect(shown.map((group) => group.name)).not.toContain('other')
  for (const { roleAction } of [zhRoles, enRoles]) expect(Object.keys(roleAction).sort()).toEqual(actions.map((each) => each.replace('.', '_')).sort())
})

test('what a newer server knows is shown, what it does not have is not', () => {
  expect(grouped(['read', 'moon.visit'])).toEqual([{ name: 'map', actions: ['read'] }, { name: 'other', actions: ['moon.visit'] }])
})

test('changes are told against what was delivered', () => {
  expect(changes({ actions: ['read', 'replay'], delivered: ['camera.watch', 'read'] })).toEqual({ given: ['replay'], taken: ['camera.watch'] })
  expect(changes({ actions: ['read'] })).toEqual({ given: [], taken: [] })
})

test('a title without English is shown as it is', () => {
  expect(roleTitle({ name: 'guard', title: '门卫', title_en: '' }, 'en')).toBe('门卫')
  expect(roleTitle({ name: 'guard', title: '门卫', title_en: 'Guard' }, 'en')).toBe('Guard')
})
