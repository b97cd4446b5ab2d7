import { expect, test } from 'vitest'
import { Drawn } from './drawn'

test('a map is whole when it rested for a while, and not while it draws', () => {
  const drawn = new Drawn(0)
  drawn.rendered(100, true)
  expect(drawn.whole(5000, false)).toBe(false)
  drawn.rested(5000)
  expect(drawn.whole(5200, false)).toBe(false)
  expect(drawn.whole(5400, false)).toBe(true)
  drawn.changed()
  expect(drawn.whole(5400, false), 'a scene that looks the same').toBe(true)
  drawn.rendered(5500, true)
  expect(drawn.whole(5500, false)).toBe(false)
})

test('a map on which units glide never rests, and is whole when its tiles are there', () => {
  const drawn = new Drawn(0)
  drawn.rendered(100, false)
  expect(drawn.whole(9000, true)).toBe(false)
  drawn.rendered(9000, true)
  drawn.rendered(9066, false) // the tile of the units is made anew, fifteen times a second
  expect(drawn.whole(10_900, true)).toBe(false)
  expect(drawn.whole(11_100, true)).toBe(true)
  expect(drawn.whole(11_100, false), 'what else is drawn is not done').toBe(false)
  drawn.changed()
  drawn.rendered(11_200, false)
  expect(drawn.whole(20_000, true)).toBe(false)
  drawn.rendered(20_000, true)
  drawn.moved()
  expect(drawn.whole(30_000, true)).toBe(false)
})

test('the age of the picture is that of the last frame, and none while there is nothing to draw', () => {
  const drawn = new Drawn(0)
  expect(drawn.age(700)).toBe(700)
  drawn.rendered(800, true)
  expect(drawn.age(1000)).toBe(200)
  drawn.rested(1000)
  expect(drawn.age(60_000)).toBe(0)
  drawn.moved()
  expect(drawn.age(61_000)).toBe(1000)
})
