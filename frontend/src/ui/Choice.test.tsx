// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { Choice } from './Choice'

afterEach(cleanup)

const chosen = vi.fn()
function Four() {
  const [one, setOne] = useState<'a' | 'b' | 'c' | 'd'>('b')
  return (
    <Choice
      label="of four"
      all={['a', 'b', 'c', 'd']}
      chosen={one}
      onChoose={(next) => {
        chosen(next)
        setOne(next)
      }}
      testid="four"
    >
      {(each, at) => `${at + 1} ${each}`}
    </Choice>
  )
}

test('arrows walk it, the Tab key stops at it once, and the page does not hear the arrows', () => {
  const page = vi.fn()
  document.body.addEventListener('keydown', page)
  render(<Four />)
  const radios = screen.getAllByRole('radio')
  const state = () => radios.map((radio) => `${radio.getAttribute('aria-checked') === 'true' ? '●' : '○'}${radio.tabIndex}`).join(' ')
  const press = (key: string) => fireEvent.keyDown(document.activeElement!, { key })

  expect(radios.map((radio) => radio.textContent)).toEqual(['1 a', '2 b', '3 c', '4 d'])
  expect(state()).toBe('○-1 ●0 ○-1 ○-1')
  radios[1]!.focus()
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowLeft']) press(key)
  expect(chosen.mock.calls.flat()).toEqual(['c', 'd', 'a', 'd'])
  expect(document.activeElement).toBe(radios[3])
  expect(state()).toBe('○-1 ○-1 ○-1 ●0')
  expect(page).not.toHaveBeenCalled()
  press('3')
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowLeft', altKey: true })
  expect(page).toHaveBeenCalledTimes(2)
  expect(document.activeElement).toBe(radios[3])
  fireEvent.click(radios[0]!)
  expect(state()).toBe('●0 ○-1 ○-1 ○-1')
})
