import { readFileSync } from 'node:fs'
import i18next from 'i18next'
import { beforeAll, expect, it } from 'vitest'
import { passing } from '../video/element'

/** Every word that the server has for what is wrong with a camera. */
const reasons = [...readFileSync('../server/watch.go', 'utf8').split('func watchReason')[1]!.split('\n}')[0]!.matchAll(/return "(\w+)"/g)].map((found) => found[1]!)

beforeAll(async () => {
  await i18next.init({ lng: 'zh', resources: {} })
  await import('./sight')
})

it('says in both languages what is wrong with a camera', () => {
  expect(reasons.length).toBeGreaterThan(15)
  for (const lng of ['zh', 'en']) for (const reason of reasons) expect(i18next.exists(`video.${reason}`, { lng }), `${lng} ${reason}`).toBe(true)
})

it('asks again after all that may pass', () => {
  expect([...passing].sort()).toEqual(reasons.filter((reason) => !reason.startsWith('too_many')).sort())
})
