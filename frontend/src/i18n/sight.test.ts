import { readFileSync } from 'node:fs'
import i18next from 'i18next'
import { beforeAll, expect, it } from 'vitest'
import { whyText } from '../features/sight/why'
import { passing } from '../video/element'
import { en } from './en'
import { zh } from './zh'

/** Every word that the server has for what is wrong with a camera. */
const reasons = [...readFileSync('../server/watch.go', 'utf8').split('func watchReason')[1]!.split('\n}')[0]!.matchAll(/return "(\w+)"/g)].map((found) => found[1]!)

beforeAll(async () => {
  await i18next.init({ lng: 'zh', resources: { zh: { translation: zh }, en: { translation: en } } })
  await import('./sight')
})

it('says in both languages what is wrong with a camera', () => {
  expect(reasons.length).toBeGreaterThan(15)
  for (const lng of ['zh', 'en']) {
    const t = i18next.getFixedT(lng)
    for (const reason of reasons) expect(whyText({ phase: 'ended', reason }, (key, values) => t(key as never, values as never) as unknown as string, (key) => i18next.exists(key, { lng })), `${lng} ${reason}`).not.toMatch(/^(video|error)\./)
  }
})

it('asks again after all that may pass', () => {
  expect([...passing].sort()).toEqual(reasons.filter((reason) => !reason.startsWith('too_many')).sort())
})
