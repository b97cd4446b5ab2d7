import { expect, test } from 'vitest'
import { type Choice, brush, formatChoice, parseChoice, partsOf, runs, usual } from './choice'

test('an address brings back what was looked at', () => {
  const looked: Choice = { by: 'duty_grid', measure: 'closed', window: 'year', per: 'km2', classing: 'natural', draw: 'multiples', split: 'hour', brushed: { hour: ['7', '8'], month: ['2026-05'], channel: ['grid_worker'] }, area: 12 }
  expect(formatChoice(looked)).toBe('by:duty_grid;measure:closed;window:year;per:km2;classing:natural;draw:multiples;split:hour;hour:7,8;month:2026-05;channel:grid_worker;area:12')
  expect(parseChoice(formatChoice(looked))).toEqual(looked)
  expect(formatChoice(usual)).toBe('')
  expect(parseChoice('')).toEqual(usual)
})

test.each(['by:street;area:-1', 'hour:<script>;measure:', 'area:1e400', ';;:', 'window'])('what %s says wrongly is as usual', (text) => {
  expect(parseChoice(text)).toEqual(usual)
})

test('a brush adds parts, and takes them away where all of them are brushed', () => {
  const some = brush({}, 'hour', ['7', '8'])
  expect(brush(some, 'hour', ['8', '9'])).toEqual({ hour: ['7', '8', '9'] })
  expect(brush(some, 'hour', ['7'])).toEqual({ hour: ['8'] })
  expect(brush(some, 'hour', ['7', '8'])).toEqual({})
  expect(partsOf({ hour: ['7', '8'], class: [] })).toEqual({ hour: '7,8' })
})

test('parts that follow one another are told by the first and the last', () => {
  const hours = Array.from({ length: 24 }, (_, i) => String(i))
  const told = (keys: string[]) => runs(keys, hours, (key) => key)
  expect(told(['11', '12', '13', '14'])).toEqual(['11–14'])
  expect(told(['9', '8', '20', '22', '21', '2'])).toEqual(['2', '8', '9', '20–22'])
  expect(runs(['05', '07', '06'], undefined, (key) => `#${key}`)).toEqual(['#05', '#07', '#06'])
})
