// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest'
import { Pointer } from './pointer'

/** As much of a map as a pointer looks at. */
function stage() {
  const heard = new Map<string, (event: unknown) => void>()
  const canvas = document.createElement('canvas')
  const map = { on: (name: string, listener: (event: unknown) => void) => heard.set(name, listener), getCanvas: () => canvas, getLayer: () => undefined, getZoom: () => 12, isMoving: () => false }
  const onSelect = vi.fn()
  const pointer = new Pointer(map as never, { onSelect } as never)
  const press = (lng: number, lat: number) => heard.get('click')!({ lngLat: { lng, lat }, point: { x: 0, y: 0 }, originalEvent: {} })
  return { pointer, press, onSelect, canvas }
}

it('keeps presses for a tool that is still on its way, in their order', async () => {
  const { pointer, press, onSelect, canvas } = stage()
  pointer.hold(true)
  expect(canvas.style.cursor).toBe('crosshair')
  press(119.6, 29.7)
  press(119.7, 29.8)
  expect(await pointer.pick()).toEqual([119.6, 29.7])
  expect(await pointer.pick()).toEqual([119.7, 29.8])
  const third = pointer.pick()
  press(119.8, 29.9)
  expect(await third).toEqual([119.8, 29.9])
  press(119.9, 29.9) // between two questions
  expect(await pointer.pick()).toEqual([119.9, 29.9])
  expect(onSelect).not.toHaveBeenCalled()
})

it('selects again when no tool wants presses any more', async () => {
  const { pointer, press, onSelect, canvas } = stage()
  pointer.hold(true)
  press(119.6, 29.7)
  pointer.hold(false)
  expect(canvas.style.cursor).toBe('')
  press(119.6, 29.7)
  expect(onSelect).toHaveBeenCalledTimes(1)
  const asked = pointer.pick() // what was held is forgotten
  press(119.7, 29.8)
  expect(await asked).toEqual([119.7, 29.8])
})

it('gives null to who asked when Escape is pressed, and goes on holding', async () => {
  const { pointer, press } = stage()
  pointer.hold(true)
  const asked = pointer.pick()
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
  expect(await asked).toBeNull()
  press(119.6, 29.7)
  expect(await pointer.pick()).toEqual([119.6, 29.7])
  pointer.destroy()
})
