import { describe, expect, test } from 'vitest'
import { LiveStore } from '../live/store'
import type { MapController } from '../map/types'
import { type Camera, ServerClock, arrived, cameraAt } from './motion'
import { camerasIn } from './SceneDetails'
import { type Layout, opticsOf, paddingOf, sliceOf } from './slice'
import { followed } from './view'

const layout: Layout = { rows: 2, columns: 4, width: 1920, height: 1080, gap_x: 3.5, gap_y: 5, unit: 'mm', pitch_mm: 1.25 }

/** Where a canvas with such optics draws a direction, by MapLibre's matrix: perspective, then the offset of its centre. */
function pixel({ width, height, fov, center }: ReturnType<typeof opticsOf>, [x, y, z]: [number, number, number]): [number, number] {
  const f = 1 / Math.tan((fov * Math.PI) / 360)
  const clip = [((f * height) / width) * (x / z) + (2 * (center.x - width / 2)) / width, f * (y / z) - (2 * (center.y - height / 2)) / height]
  return [((clip[0]! + 1) / 2) * width, ((1 - clip[1]!) / 2) * height]
}

describe('a slice', () => {
  test('has the pixels of the whole view', () => {
    const whole = sliceOf(layout, 1, 1)!.whole
    const one = opticsOf({ whole, x: 0, y: 0, ...whole }, 30, 0)
    for (let row = 1; row <= 2; row++) {
      for (let column = 1; column <= 4; column++) {
        const slice = sliceOf(layout, row, column)!
        const own = opticsOf(slice, 30, 64)
        for (let i = 0; i < 200; i++) {
          const at: [number, number, number] = [Math.sin(i * 7.1), Math.cos(i * 3.3) * 0.3, 1 + (i % 5)]
          const [X, Y] = pixel(one, at)
          const [x, y] = pixel(own, at)
          expect(x - 64 + slice.x).toBeCloseTo(X, 6)
          expect(y - 64 + slice.y).toBeCloseTo(Y, 6)
        }
      }
    }
  })

  test('leaves out what bezels hide', () => {
    expect(sliceOf(layout, 2, 3)).toEqual({ whole: { width: 4 * 1920 + 9, height: 2164 }, x: 2 * 1923, y: 1084, width: 1920, height: 1080 })
    expect(sliceOf(layout, 3, 1)).toBeNull()
    expect(sliceOf(layout, 1, NaN)).toBeNull()
  })

  test('is told to the map as padding', () => {
    for (const column of [1, 2, 4]) {
      const optics = opticsOf(sliceOf(layout, 1, column)!, 30)
      const { left, right, top, bottom } = paddingOf(optics)
      expect(Math.min(left, right, top, bottom)).toBe(0)
      expect((left + optics.width - right) / 2).toBeCloseTo(optics.center.x)
      expect((top + optics.height - bottom) / 2).toBeCloseTo(optics.center.y)
    }
  })
})

describe('the camera', () => {
  const a: Camera = { center: [119.6, 29.7], zoom: 11, pitch: 0, bearing: 170 }
  const b: Camera = { center: [119.9, 29.9], zoom: 15, pitch: 50, bearing: -170 }

  test('goes from scene to scene', () => {
    expect(cameraAt(null, b, 0, 0)).toBe(b)
    expect(cameraAt(a, b, 1000, 900)).toBe(a)
    expect(cameraAt(a, b, 1000, 9000)).toBe(b)
    expect(arrived(1000, 9000)).toBe(true)
    for (const [from, to] of [[a, b], [b, a], [a, { ...a, zoom: 14 }], [a, a]] as const) {
      const near = (c: Camera, d: Camera) => {
        expect(c.center[0]).toBeCloseTo(d.center[0]!, 3)
        expect(c.center[1]).toBeCloseTo(d.center[1]!, 3)
        expect(c.zoom).toBeCloseTo(d.zoom, 2)
      }
      near(cameraAt(from, to, 0, 1), from)
      near(cameraAt(from, to, 0, 2399), to)
      let last = from.zoom
      for (let t = 0; t <= 2400; t += 16) {
        const { zoom, center } = cameraAt(from, to, 0, t)
        expect(Math.abs(zoom - last)).toBeLessThan(0.15)
        expect(center.every(Number.isFinite)).toBe(true)
        last = zoom
      }
    }
    expect(cameraAt(a, b, 0, 1200).bearing).toBeCloseTo(180) // the short way round
  })
})

test('a camera goes with a unit, where anybody knows it', () => {
  const live = new LiveStore((run) => run())
  const camera: Camera & { name: string } = { name: 'car', center: [119.6, 29.7], zoom: 15, pitch: 0, bearing: 0, follow_unit: 7 }
  expect(followed(camera, live)).toBe(camera)
  live.layer('position').load([{ type: 'snapshot', layer: 'position', token: 'a', columns: [], ids: [7], values: [], geometry: [{ type: 'Point', coordinates: [119.7, 29.8] }], more: false }])
  expect(followed(camera, live)).toEqual({ ...camera, center: [119.7, 29.8] })
  const drawn = { unitAt: (id: number) => (id === 7 ? [119.69, 29.79] : null) } as unknown as MapController
  expect(followed(camera, live, drawn).center).toEqual([119.69, 29.79]) // where it is drawn, on its way there
  expect(followed({ ...camera, follow_unit: 0 }, live, drawn).center).toEqual([119.6, 29.7])
})

test('the quickest answer tells the time', () => {
  const clock = new ServerClock()
  expect(clock.ahead).toBe(0)
  clock.hear(0, 5100, 200)
  clock.hear(1000, 6005, 1010)
  clock.hear(2000, 7190, 2300)
  expect(clock.ahead).toBe(5000)
})

test('cameras are named by number or by the address of a video wall', () => {
  expect(camerasIn(' 12, 40，7 12')).toEqual([12, 40, 7])
  expect(camerasIn('https://host/video?layout=4&cameras=5,,9')).toEqual([5, 9])
  expect(camerasIn('the gate')).toEqual([])
})
