import { describe, expect, it } from 'vitest'
import { type Alert, inForce, infoOf, placesOf, titleOf } from './wording'

const info = (language: string, headline?: string) => ({ language, headline, event: `event ${language}`, categories: [], urgency: 'Past', severity: 'Minor', certainty: 'Likely', areas: [{ description: 'a' }, { description: 'b' }] })
const alert = (...infos: Alert['infos']) => ({ identifier: 'x1', holds_until: '2026-05-01T08:00:00Z', infos }) as Alert

describe('what is shown of an alert', () => {
  it('is said in the language of the screen, then Chinese, then whatever there is', () => {
    const both = alert(info('en-US', 'Rain'), info('zh-CN', '暴雨'))
    expect(infoOf(both, 'en')?.headline).toBe('Rain')
    expect(infoOf(both, 'zh')?.headline).toBe('暴雨')
    expect(infoOf(alert(info('fr'), info('ZH')), 'en')?.language).toBe('ZH')
    expect(infoOf(alert(info('fr'), info('de')), 'zh')?.language).toBe('fr')
  })

  it('has a title in any case', () => {
    const silent = alert()
    expect(titleOf(infoOf(silent, 'zh'), silent)).toBe('x1')
    expect(titleOf(info('fr'), silent)).toBe('event fr')
    expect(placesOf(info('fr'), '、')).toBe('a、b')
    expect(placesOf(undefined, '、')).toBe('')
  })

  it('goes when its time is over, whether the server can be reached or not', () => {
    expect(inForce([alert()], Date.parse('2026-05-01T07:59:59Z'))).toHaveLength(1)
    expect(inForce([alert()], Date.parse('2026-05-01T08:00:00Z'))).toHaveLength(0)
  })
})
