import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Lamp, type Signs, Latency, connecting, nextLamp } from './lamp'

const heartbeat = { arrivedAt: 100_000, heardAgeMs: 0, source: 'live' as const, latencyMs: 40 }
const lamp = (signs: Partial<Signs>, previous: Lamp = connecting): Lamp => nextLamp(previous, { now: 100_000, downSince: null, heartbeat, ...signs })

describe('the lamp', () => {
  it.each([
    ['nothing heard yet', { heartbeat: null, downSince: 95_000 }, 'connecting'],
    ['never connected for over 10 s', { heartbeat: null, downSince: 89_999 }, 'offline'],
    ['a fresh heartbeat', {}, 'live'],
    ['9.9 s old', { now: 109_900 }, 'live'],
    ['10 s old', { now: 110_000 }, 'delayed'],
    ['29.9 s old', { now: 129_900 }, 'delayed'],
    ['30 s old', { now: 130_000 }, 'offline'],
    ['the database was heard 12 s ago', { heartbeat: { ...heartbeat, heardAgeMs: 12_000 } }, 'delayed'],
    ['the database was heard 31 s ago', { heartbeat: { ...heartbeat, heardAgeMs: 31_000 } }, 'offline'],
    ['the server lost the database a moment ago', { heartbeat: { ...heartbeat, source: 'lost' as const, heardAgeMs: 500 } }, 'delayed'],
    ['the connection went a moment ago', { now: 103_000, downSince: 101_000 }, 'live'],
    ['the connection is down for over 10 s', { now: 112_000, downSince: 101_500 }, 'offline'],
  ])('%s', (_name, signs, state) => {
    expect(lamp(signs as Partial<Signs>).state).toBe(state)
  })

  it('keeps the time of the last good state and of the change', () => {
    const live = lamp({})
    expect(live.lastGood).toEqual(new Date(100_000))
    const delayed = lamp({ now: 111_000 }, live)
    const still = lamp({ now: 115_000 }, delayed)
    expect(still.since).toEqual(new Date(111_000))
    expect(still.lastGood).toEqual(new Date(100_000))
    expect(still).toBe(delayed) // nothing to render
  })

  it('is never live on an old heartbeat', () => {
    fc.assert(
      fc.property(fc.nat(120_000), fc.nat(120_000), fc.constantFrom('live', 'lost', 'connecting'), (age, heardAgeMs, source) => {
        const { state } = lamp({ now: 100_000 + age, heartbeat: { ...heartbeat, heardAgeMs, source: source as 'live' } })
        if (age >= 10_000 || heardAgeMs >= 10_000 || source !== 'live') expect(state).not.toBe('live')
        if (age >= 30_000) expect(state).toBe('offline')
      }),
    )
  })
})

describe('latency', () => {
  it('is the difference of the clocks when they agree', () => {
    expect(new Latency().measure(1040, 1000)).toBe(40)
  })
  it('counts from the fastest frame when the clocks do not agree', () => {
    const latency = new Latency()
    expect(latency.measure(61_000, 1000)).toBe(0)
    expect(latency.measure(62_300, 2000)).toBe(300)
    expect(latency.measure(62_900, 3000)).toBe(0)
  })
})
