import { expect, test } from 'vitest'
import { startI18n, type Translate } from '../i18n'
import { age, duration } from './time'
import { bearing, distance, percent } from './format'
import { metresBetween } from './geo'

const t = startI18n().getFixedT('zh') as unknown as Translate
const minute = 60_000
const hour = 60 * minute

test('an age ticks in its first hour, then turns to words', () => {
  expect(age(8 * minute + 2000, t)).toBe('08:02')
  expect(age(59 * minute + 59_000, t)).toBe('59:59')
  expect(age(hour, t)).toBe('1 小时')
  expect(age(3 * hour + 7 * minute, t)).toBe('3 小时 7 分')
  expect(age(26 * hour, t)).toBe('1 天 2 小时')
})

test('a clock ahead of ours makes no negative age', () => {
  expect(age(-5000, t)).toBe('00:00')
  expect(duration(-1, t)).toBe('0 秒')
})

test('long spans leave out what nobody reads', () => {
  expect(duration(14 * hour + 20 * minute, t)).toBe('14 小时')
  expect(duration(12 * 24 * hour + 5 * hour, t)).toBe('12 天')
})

test('distances, shares and directions', () => {
  expect(distance(84.4, t)).toBe('84 米')
  expect(distance(1234, t)).toBe('1.2 公里')
  expect(distance(34_400, t)).toBe('34 公里')
  expect(percent(0.931)).toBe('93%')
  expect([0, 44, 46, 359].map((degrees) => bearing(degrees, t))).toEqual(['北', '东北', '东北', '北'])
})

test('a degree of latitude is 111 km', () => {
  expect(metresBetween([119.7, 29], [119.7, 30])).toBeCloseTo(111_195, -1)
  expect(metresBetween([119.7, 29.8], [119.7, 29.8])).toBe(0)
})
