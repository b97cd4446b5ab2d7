import { createInstance } from 'i18next'
import { expect, it } from 'vitest'
import { en } from './en'
import { addPlurals } from './plural'

it('has the endings and verbs of one and of many', async () => {
  const i18n = createInstance()
  await i18n.init({ lng: 'en', resources: { en: { translation: { ...en, rows: '{{n}} row{{n, s}} {{n, is}} wrong, {{n, was}} read, {{n, has}} gone' } } } })
  addPlurals(i18n)
  const say = (key: string, n: unknown): string => i18n.t(key as never, { n } as never) as unknown as string
  expect([0, 1, 2, '1', '1,001'].map((n) => say('rows', n))).toEqual(['0 rows are wrong, were read, have gone', '1 row is wrong, was read, has gone', '2 rows are wrong, were read, have gone', '1 row is wrong, was read, has gone', '1,001 rows are wrong, were read, have gone'])
  expect([1, 2].map((n) => say('replay.density', n))).toEqual(['1 new incident in this span; click to replay', '2 new incidents in this span; click to replay'])
})
