import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Siren, type Sound } from './siren'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A browser's sound that counts what is played. */
function ear(state: AudioContextState) {
  let changed = () => {}
  const heard = { starts: 0, peak: 0 }
  const node = () => ({ connect: (to: unknown) => to })
  const context = {
    state,
    get currentTime() {
      return Date.now() / 1000
    },
    destination: {},
    resume: () => Promise.resolve(),
    addEventListener: (_: string, listener: () => void) => (changed = listener),
    createOscillator: () => ({ ...node(), frequency: { value: 0 }, start: () => heard.starts++, stop: () => {} }),
    createGain: () => ({ ...node(), gain: { setValueAtTime: () => {}, linearRampToValueAtTime: (value: number) => (heard.peak = Math.max(heard.peak, value)) } }),
  }
  const allow = () => {
    context.state = 'running'
    changed()
  }
  return { heard, allow, context }
}

test('two tones sound every two seconds until it is stopped', () => {
  const { heard, context } = ear('running')
  const said: Sound[] = []
  const siren = new Siren((sound) => said.push(sound), () => context as never)
  siren.start(0.5)
  siren.start(0.5)
  vi.advanceTimersByTime(4100)
  expect(heard.starts).toBe(6)
  expect(heard.peak).toBeCloseTo(0.175)
  siren.stop()
  vi.advanceTimersByTime(10_000)
  expect(heard.starts).toBe(6)
  expect(said).toEqual(['sounding', 'silent'])
})

test('what the browser blocks is said, and sounds after a gesture', () => {
  const { heard, allow, context } = ear('suspended')
  const said: Sound[] = []
  const siren = new Siren((sound) => said.push(sound), () => context as never)
  siren.start(1)
  vi.advanceTimersByTime(2100)
  expect(heard.starts).toBe(0)
  expect(said).toEqual(['blocked'])
  allow()
  expect(said).toEqual(['blocked', 'sounding'])
  expect(heard.starts).toBe(2)
})

test('a browser without sound says so', () => {
  const said: Sound[] = []
  new Siren((sound) => said.push(sound), () => null).start(1)
  expect(said).toEqual(['missing'])
})
