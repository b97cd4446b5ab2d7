import { describe, expect, it } from 'vitest'
import { median, type Reviewed, summarize } from './summary'

const HOUR = 3_600_000
const from = Date.parse('2026-06-01T08:00:00Z')

function reviewed(began: number, severity: number, state_then: string, steps: [move: string, minutes: number][]): Reviewed {
  const log = steps.map(([move, minutes]) => ({ move, source_time: new Date(from + began * HOUR + minutes * 60_000).toISOString() }))
  return { incident: { created_at: new Date(from + began * HOUR).toISOString(), severity }, state_then, log } as unknown as Reviewed
}

describe('the figures of a review', () => {
  it('count what began, what was closed and what was left, and how fast somebody was there', () => {
    const items = [
      reviewed(-2, 2, 'closed', [['task.dispatch', 1]]), // began before: its times are not this span's
      reviewed(0.5, 1, 'handling', [['task.dispatch', 2], ['task.arrive', 12], ['task.dispatch', 20]]),
      reviewed(1, 3, 'closed', [['task.dispatch', 4], ['task.arrive', 30]]),
      reviewed(2, 3, 'filed', []),
    ]
    expect(summarize(items, from, from + 12 * HOUR)).toEqual({
      cases: 4, fresh: 3, closed: 2, left: 2, urgent: 1, dispatchMs: 3 * 60_000, arriveMs: 21 * 60_000,
    })
  })
  it('have no medians of nothing', () => {
    expect(summarize([], from, from + HOUR)).toMatchObject({ cases: 0, dispatchMs: null, arriveMs: null })
    expect(median([null, null])).toBeNull()
    expect(median([3, null, 1, 2])).toBe(2)
  })
})
