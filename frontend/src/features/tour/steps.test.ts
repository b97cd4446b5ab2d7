import { describe, expect, test } from 'vitest'
import { actions } from '../../actions'
import { tourTexts } from '../../i18n/tour.texts'
import { readKnown } from './known'
import { placeCard, stepsFor } from './steps'

const view = { width: 1920, height: 1080 }
const card = { width: 380, height: 220 }

describe('the steps', () => {
  test('are for those who may do what they tell of', () => {
    expect(stepsFor(() => true).map(({ name }) => name)).toEqual(['lamp', 'queue', 'case', 'dispatch', 'map', 'palette', 'alarm', 'help'])
    expect(stepsFor(() => false).map(({ name }) => name)).toEqual(['lamp', 'queue', 'case', 'map', 'palette', 'help'])
  })

  test('each have a title and a text in both languages', () => {
    for (const { name } of stepsFor(() => true)) {
      for (const texts of [tourTexts.zh.tour, tourTexts.en.tour]) expect(texts.step[name as keyof typeof texts.step], name).toEqual({ title: expect.stringMatching(/./), text: expect.stringMatching(/./) })
    }
  })
})

test('the texts name keys by the actions that have them', () => {
  const named = [...JSON.stringify(tourTexts).matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).filter((name) => !['n', 'of', 'settings'].includes(name))
  expect(named.length).toBeGreaterThan(20)
  for (const name of named) expect(actions.find((action) => action.name === name && (action.chord ?? action.keys[0])), name).toBeDefined()
})

describe('the card', () => {
  const shown = (at: { left: number; top: number }) => at.left >= 0 && at.top >= 0 && at.left + card.width <= view.width && at.top + card.height <= view.height
  test.each([
    ['below a bar', { left: 1200, top: 10, right: 1300, bottom: 40 }],
    ['left of a column on the right', { left: 1500, top: 60, right: 1920, bottom: 1080 }],
    ['right of a panel on the left', { left: 0, top: 300, right: 300, bottom: 1070 }],
    ['above a foot', { left: 0, top: 900, right: 1920, bottom: 1080 }],
  ])('stands %s and covers nothing of it', (_, target) => {
    const at = placeCard(target, card, view)
    expect(shown(at)).toBe(true)
    expect(at.left + card.width <= target.left || at.left >= target.right || at.top + card.height <= target.top || at.top >= target.bottom).toBe(true)
  })

  test('stays on the screen where there is no room, or nothing to show', () => {
    expect(shown(placeCard({ left: 0, top: 0, right: 1920, bottom: 1080 }, card, view))).toBe(true)
    expect(shown(placeCard(null, card, view))).toBe(true)
  })
})

test('what was kept is read, nonsense is not', () => {
  expect(readKnown('["duty"]')).toEqual(['duty'])
  expect(readKnown('["duty",7]')).toEqual(['duty'])
  for (const nonsense of [null, '', '{', '7', '{"duty":true}']) expect(readKnown(nonsense)).toEqual([])
})
