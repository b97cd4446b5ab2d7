// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { actions } from '../../actions'
import { keyNames } from '../../actions/keyboard'
import { sessionStore } from '../../app/session'
import { startI18n } from '../../i18n'
import Help from './Help'

beforeAll(() => {
  startI18n()
  sessionStore.set({ status: 'in', session: { user: { id: 1, login: 'duty', name: '陈立', roles: ['duty_officer'], areas: ['330122'], disabled: false }, actions: ['read'], version: 'test' } })
})
afterEach(cleanup)

test('the sheet has every action that a key performs, with all of its keys', () => {
  render(<Help />)
  const rows = screen.getAllByRole('listitem').map((row) => row.textContent)
  const reached = actions.filter((action) => action.chord ?? action.keys[0])
  expect(rows.length).toBe(reached.length)
  for (const action of reached) expect(rows.some((row) => row.endsWith(keyNames(action).join(''))), action.name).toBe(true)
})

test('what has no key is reached otherwise', () => {
  expect(actions.filter((action) => !action.chord && !action.keys[0]).map(({ name }) => name)).toEqual(['tour', 'logout']) // the sheet's own button, the account's menu
  render(<Help />)
  expect(screen.getByTestId('open-tour')).toBeDefined()
})
