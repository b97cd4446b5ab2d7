import { expect, test } from 'vitest'
import { nudge, offset, outline, patchOf, pull, turn, type Wedge } from './wedge'

const wedge: Wedge = { point: [119.68, 29.79], azimuth: 90, fov: 60, range: 100 }

test('a handle that is pulled changes what it stands for, and nothing else', () => {
  expect(pull(wedge, 'azimuth', offset(wedge.point, 213.4, 300))).toEqual({ ...wedge, azimuth: 213 })
  expect(pull(wedge, 'range', offset(wedge.point, 10, 250))).toEqual({ ...wedge, range: 250 })
  expect(pull(wedge, 'left', offset(wedge.point, 50, 100))).toEqual({ ...wedge, fov: 80 })
  expect(pull(wedge, 'right', offset(wedge.point, 130, 40))).toEqual({ ...wedge, fov: 80 })
  expect(pull(wedge, 'point', [119.7, 29.8])).toEqual({ ...wedge, point: [119.7, 29.8] })
})

test('a handle goes no further than the registry takes it', () => {
  expect(pull(wedge, 'range', offset(wedge.point, 0, 1)).range).toBe(5)
  expect(pull(wedge, 'range', [121, 29.79]).range).toBe(20_000)
  expect(pull({ ...wedge, azimuth: 0 }, 'left', offset(wedge.point, 180, 50)).fov).toBe(360)
  expect(pull(wedge, 'right', offset(wedge.point, 90, 50)).fov).toBe(1)
  expect(pull(wedge, 'azimuth', wedge.point)).toBe(wedge)
})

test('arrows take steps, and large ones with shift', () => {
  expect(nudge({ ...wedge, azimuth: 359 }, 'azimuth', 'ArrowRight', false)?.azimuth).toBe(0)
  expect(nudge({ ...wedge, azimuth: 0 }, 'azimuth', 'ArrowLeft', true)?.azimuth).toBe(350)
  expect(nudge(wedge, 'range', 'ArrowUp', true)?.range).toBe(150)
  expect(nudge(wedge, 'left', 'ArrowDown', false)?.fov).toBe(59)
  const north = nudge(wedge, 'point', 'ArrowUp', true)!.point
  expect(north[0]).toBeCloseTo(wedge.point[0], 9)
  expect((north[1] - wedge.point[1]) * 111_320).toBeCloseTo(10, 3)
  expect(nudge(wedge, 'azimuth', 'Enter', false)).toBeNull()
  expect(turn(-0.4)).toBe(0)
})

test('the outline begins and ends at the camera, but where it looks all round', () => {
  const ring = outline(wedge)
  expect(ring[0]).toEqual(wedge.point)
  expect(ring.at(-1)).toEqual(wedge.point)
  expect(outline({ ...wedge, fov: 360 })).not.toContainEqual(wedge.point)
})

test('a patch says what was changed alone', () => {
  expect(patchOf(wedge, wedge)).toEqual({ properties: {} })
  expect(patchOf(wedge, { ...wedge, azimuth: 91 })).toEqual({ properties: { azimuth_deg: 91 } })
  expect(patchOf({ point: wedge.point }, { ...wedge, point: [1, 2] })).toEqual({
    geometry: { type: 'Point', coordinates: [1, 2] },
    properties: { azimuth_deg: 90, fov_deg: 60, range_m: 100 },
  })
})
