import { expect, test } from 'vitest'
import { loadEnglish, startI18n, type Translate } from '../i18n'
import { ApiError, asApiError, errorText, fieldText, fromAnswer } from './error'

const i18n = startI18n()
await loadEnglish()
const texts = (language: 'zh' | 'en') => [i18n.getFixedT(language) as unknown as Translate, (key: string) => i18n.exists(key)] as const

test('an answer of ours keeps its code, field and reason', () => {
  const error = fromAnswer(400, { code: 'invalid', field: 'title', reason: 'too_long', message: 'the title is too long', request_id: 'r1' })
  expect(error).toMatchObject({ code: 'invalid', status: 400, body: { field: 'title', reason: 'too_long', request_id: 'r1' } })
})

test('a page of a proxy is told by its status', () => {
  expect(fromAnswer(502, '<html>').code).toBe('unavailable')
  expect(fromAnswer(401, undefined).code).toBe('unauthorized')
  expect(fromAnswer(413, null).code).toBe('too_large')
  expect(fromAnswer(418, { code: 'teapot' }).code).toBe('internal')
})

test('no answer at all is the network', () => {
  expect(asApiError(new TypeError('Failed to fetch')).code).toBe('network')
})

test('the text names the field and the reason, in both languages', () => {
  const error = new ApiError('invalid', 400, { field: 'title', reason: 'required' })
  expect(errorText(error, ...texts('zh'))).toBe('标题：必填')
  expect(errorText(error, ...texts('en'))).toBe('Title: Required')
})

test('parameters of a reason stand in its text', () => {
  const error = new ApiError('invalid', 400, { field: 'point', reason: 'swapped_coordinates', params: { lon: '29.8', lat: '119.7' } })
  expect(errorText(error, ...texts('en'))).toBe('Place: Latitude and longitude look swapped (29.8, 119.7)')
})

test('a reason that this build does not know falls back to the code', () => {
  expect(errorText(new ApiError('conflict', 409, { reason: 'brand_new' }), ...texts('en'))).toBe('Somebody else changed it first')
})

test('a field of a form shows what is about it, also about its parts', () => {
  const error = new ApiError('invalid', 400, { field: 'areas[2]', reason: 'unknown_reference' })
  expect(fieldText(error, 'areas', ...texts('en'))).toBe('Refers to something that does not exist')
  expect(fieldText(error, 'area', ...texts('en'))).toBeUndefined()
  expect(fieldText(new ApiError('network', 0), 'areas', ...texts('en'))).toBeUndefined()
})
