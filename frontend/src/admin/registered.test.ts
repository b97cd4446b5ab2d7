import { describe, expect, it } from 'vitest'
import { byNeed, deviceState, type SignalDevice } from './registered'

const now = Date.parse('2026-05-01T08:00:00Z')
const device = (id: string, heardS: number, expiresS: number, gone = false): SignalDevice => ({
  id,
  address: '10.8.0.4:5060',
  transport: 'udp',
  agent: '',
  registered_at: new Date(now - 3_600_000).toISOString(),
  expires_at: new Date(now + expiresS * 1000).toISOString(),
  heard_at: new Date(now - heardS * 1000).toISOString(),
  gone,
  channels: 4,
})

describe('registered devices', () => {
  it('have a state by the signs that came', () => {
    expect(deviceState(device('1', 10, 600), now)).toBe('live')
    expect(deviceState(device('1', 209, 600), now)).toBe('live')
    expect(deviceState(device('1', 211, 600), now)).toBe('silent')
    expect(deviceState(device('1', 10, -1), now)).toBe('expired')
    expect(deviceState(device('1', 10, 600, true), now)).toBe('gone')
  })

  it('are listed by who needs somebody first', () => {
    const list = [device('4', 1, 9), device('3', 1, 9), device('1', 1, 9, true), device('2', 999, 9)]
    expect(byNeed(list, now).map((each) => each.device.id + each.state)).toEqual(['2silent', '1gone', '3live', '4live'])
  })
})
