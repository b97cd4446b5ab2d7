import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HOLD_MS, RENEW_MS, Turner, turnOf, turns, type Command } from './turner'

let sent: Command[]
let answers: { resolve: () => void; reject: (error: unknown) => void }[]
let errors: unknown[]
let turner: Turner

const left = { pan: -1, tilt: 0, zoom: 0 }
const up = { pan: 0, tilt: 1, zoom: 0 }
const answer = async () => {
  answers.shift()!.resolve()
  await vi.advanceTimersByTimeAsync(0)
}

beforeEach(() => {
  vi.useFakeTimers()
  sent = []
  answers = []
  errors = []
  turner = new Turner(
    (command) => {
      sent.push(command)
      return new Promise((resolve, reject) => answers.push({ resolve, reject }))
    },
    (error) => errors.push(error),
  )
})
afterEach(() => vi.useRealTimers())

test('a camera turns while it is held, is told again before it would stop by itself, and stops when it is let go', async () => {
  turner.hold(left)
  turner.hold({ ...left })
  expect(sent).toEqual([{ command: 'move', ...left, for_ms: HOLD_MS }])
  await answer()
  await vi.advanceTimersByTimeAsync(RENEW_MS)
  expect(sent).toHaveLength(2)
  expect(RENEW_MS).toBeLessThan(HOLD_MS)
  await answer()
  turner.release()
  expect(sent[2]).toEqual({ command: 'stop' })
  await answer()
  await vi.advanceTimersByTimeAsync(10 * RENEW_MS)
  turner.release()
  expect(sent).toHaveLength(3)
})

test('a stop does not overtake the move that it ends', async () => {
  turner.hold(left)
  turner.release()
  expect(sent).toHaveLength(1)
  await answer()
  expect(sent[1]).toEqual({ command: 'stop' })
  await answer()
  expect(answers).toHaveLength(0)
})

test('of what is held while a command is under way the last counts', async () => {
  turner.hold(left)
  turner.hold(up)
  turner.hold({ ...left, tilt: 1 })
  await answer()
  expect(sent.slice(1)).toEqual([{ command: 'move', pan: -1, tilt: 1, zoom: 0, for_ms: HOLD_MS }])
  turner.release()
  turner.hold(up)
  await answer()
  expect(sent[2]).toEqual({ command: 'move', ...up, for_ms: HOLD_MS })
})

test('a refusal is told once, the camera is stopped, and nothing is tried again by itself', async () => {
  turner.hold(left)
  answers.shift()!.reject(new Error('no'))
  await vi.advanceTimersByTimeAsync(0)
  expect(sent[1]).toEqual({ command: 'stop' })
  await answer()
  await vi.advanceTimersByTimeAsync(10 * RENEW_MS)
  expect(sent).toHaveLength(2)
  expect(errors).toHaveLength(1)
})

test('keys that are held together are a slant; opposite ones are nothing', () => {
  expect(turnOf(['ArrowLeft', 'ArrowUp'], 0.5)).toEqual({ pan: -0.5, tilt: 0.5, zoom: 0 })
  expect(turnOf(['ArrowLeft', 'ArrowRight'], 1)).toBeNull()
  expect(turnOf(['-'], 0.2)).toEqual({ pan: 0, tilt: 0, zoom: -0.2 })
  expect(turnOf(['=', '+'], 1)).toEqual({ pan: 0, tilt: 0, zoom: 1 })
  expect(turnOf([], 1)).toBeNull()
  expect(['ArrowUp', '+', 'a', 'constructor'].map(turns)).toEqual([true, true, false, false])
})
