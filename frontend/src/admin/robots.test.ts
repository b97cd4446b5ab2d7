import { expect, test } from 'vitest'
import { isRobot, robotFilter } from './robots'

test('what is chosen becomes a filter', () => {
  expect(robotFilter({ severities: [], stages: [], area: '' })).toBe('')
  expect(robotFilter({ severities: ['2', '1'], stages: ['intake', 'checking'], area: '330122.330122004' })).toBe(
    "severity IN (1, 2) AND state IN ('reported', 'verifying', 'accepted', 'checking') AND (area_path = '330122.330122004' OR area_path LIKE '330122.330122004.%')",
  )
  expect(robotFilter({ severities: [], stages: [], area: "a'b" })).toContain("'a''b'")
})

test('machines are no robots', () => {
  expect(isRobot('wecom')).toBe(true)
  expect(isRobot('event')).toBe(false)
})
