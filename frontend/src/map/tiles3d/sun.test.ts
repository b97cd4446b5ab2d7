import { expect, test } from 'vitest'
import { sunAt } from './sun'

/** At solstices and equinoxes the altitude at noon is 90° less the latitude, more or less the tilt of the axis. */
test.each([
  ['noon of the summer solstice', '2026-06-21T04:03:00Z', 83.6, 180, 3],
  ['noon of the winter solstice', '2026-12-21T03:59:30Z', 36.8, 180, 1],
  ['noon of the equinox', '2026-03-20T04:08:30Z', 60.1, 180, 1],
])('%s over the county', (_, at, altitude, azimuth, within) => {
  const sun = sunAt(Date.parse(at), [119.69, 29.8])
  expect(Math.abs(sun.altitude - altitude)).toBeLessThan(0.4)
  expect(Math.abs(sun.azimuth - azimuth)).toBeLessThan(within)
})

test('it rises in the east and sets in the west, and is below at night', () => {
  const at = (hour: number) => sunAt(Date.parse('2026-03-20T00:00:00Z') + (hour - 8) * 3_600_000, [119.69, 29.8])
  expect(at(7).azimuth).toBeGreaterThan(90)
  expect(at(7).azimuth).toBeLessThan(105)
  expect(at(17).azimuth).toBeGreaterThan(255)
  expect(at(17).azimuth).toBeLessThan(270)
  expect(at(0).altitude).toBeLessThan(-50)
})
