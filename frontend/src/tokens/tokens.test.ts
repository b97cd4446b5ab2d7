import { describe, expect, it } from 'vitest'
import { blend, contrast } from './contrast'
import { type Theme, cssVariables, tokens } from './tokens'

const themes: Theme[] = ['dark', 'light']
const TEXT = 4.5
const SHAPE = 3

/** Every pair of colours that meets on a screen, with what it must reach (WCAG 2.2 AA). */
function pairs(theme: Theme): [name: string, front: string, back: string, least: number][] {
  const t = tokens[theme]
  const out: [string, string, string, number][] = []
  const backs = { bg: t.bg, panel: t.panel, panelHover: t.panelHover, panelSelect: t.panelSelect }
  for (const [back, colour] of Object.entries(backs)) {
    out.push([`text on ${back}`, t.text, colour, 7])
    out.push([`text2 on ${back}`, t.text2, colour, TEXT])
    out.push([`text3 on ${back}`, t.text3, colour, TEXT])
    out.push([`sev 1 text on ${back}`, t.sev[0], colour, TEXT])
    out.push([`ok on ${back}`, t.ok, colour, SHAPE])
    out.push([`warn on ${back}`, t.warn, colour, SHAPE])
    out.push([`bad on ${back}`, t.bad, colour, SHAPE])
    out.push([`select on ${back}`, t.select, colour, SHAPE])
    t.sev.forEach((s, i) => out.push([`sev ${i + 1} on ${back}`, s, colour, SHAPE]))
  }
  out.push(['control on panel', t.control, t.panel, SHAPE])
  out.push(['onReplay on replay', t.onReplay, t.replay, TEXT])
  out.push(['replay on panel', t.replay, t.panel, SHAPE])
  out.push(['onSelect on select', t.onSelect, t.select, TEXT])
  t.sev.forEach((s, i) => out.push([`number on sev ${i + 1}`, t.onSev, s, TEXT]))

  const grounds = { land: t.map.land, water: t.map.water, built: t.map.built, green: t.map.green, road: t.map.road, 'highest choropleth': t.map.choropleth[4] }
  for (const [ground, colour] of Object.entries(grounds)) {
    out.push([`abnormal camera on ${ground}`, t.map.cameraAbnormal, colour, SHAPE])
    out.push([`ring on ${ground}`, t.map.ring, colour, SHAPE])
  }
  for (const [ground, colour] of Object.entries({ land: t.map.land, built: t.map.built, water: t.map.water })) {
    t.sev.forEach((s, i) => out.push([`sev ${i + 1} on ${ground}`, s, colour, SHAPE]))
    out.push([`unit on ${ground}`, t.map.unit, colour, SHAPE])
  }
  // labels stand on their halo
  out.push(['label on halo', t.map.label, t.map.halo, 7])
  out.push(['minor label on halo', t.map.labelMinor, t.map.halo, TEXT])
  out.push(['road label on halo', t.map.roadLabel, t.map.halo, TEXT])
  out.push(['water label on water', t.map.waterLabel, t.map.water, TEXT])
  out.push(['unit sign on badge', t.map.onUnit, t.map.unit, TEXT])
  out.push(['mark on its ink', t.map.cameraAbnormal, t.map.ink, SHAPE])
  out.push(['bar on panel', t.chart.bar, t.panel, SHAPE])
  out.push(['bar of now on panel', t.chart.barNow, t.panel, SHAPE])
  out.push(['chart line on panel', t.chart.line, t.panel, SHAPE])
  return out
}

describe.each(themes)('%s tokens', (theme) => {
  it.each(pairs(theme))('%s (%s on %s) reaches %d:1', (_name, front, back, least) => {
    expect(contrast(front, back)).toBeGreaterThanOrEqual(least)
  })

  it('steps the choropleth so that neighbours can be told apart', () => {
    const steps = tokens[theme].map.choropleth
    for (let i = 1; i < steps.length; i++) expect(contrast(steps[i]!, steps[i - 1]!), `step ${i}`).toBeGreaterThanOrEqual(1.18)
  })

  it('steps the tints of numbers by lightness, one way', () => {
    const { tint, land } = tokens[theme].map
    for (let i = 1; i < tint.length; i++) expect(contrast(tint[i]!, tint[i - 1]!), `tint ${i}`).toBeGreaterThanOrEqual(1.4)
    for (let i = 1; i < tint.length; i++) expect(contrast(tint[i]!, land), `tint ${i}`).toBeGreaterThan(contrast(tint[i - 1]!, land))
  })

  it('keeps a healthy camera dimmer than an abnormal one', () => {
    const { camera, cameraAbnormal, land } = tokens[theme].map
    expect(contrast(camera, land) * 2).toBeLessThan(contrast(cameraAbnormal, land))
  })
})

it('has the same custom properties in both themes', () => {
  expect(Object.keys(cssVariables('light'))).toEqual(Object.keys(cssVariables('dark')))
})

it('names custom properties as the style sheets use them', () => {
  const names = Object.keys(cssVariables('dark'))
  for (const name of ['--bg', '--panel', '--line', '--text', '--text-2', '--text-3', '--sev-1', '--sev-2', '--sev-3', '--ok', '--warn', '--select', '--map-water', '--chart-bar-now']) {
    expect(names).toContain(name)
  }
})

it('knows black on white and a half-transparent colour', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(blend('#ffffff', '#000000', 0.5)).toBe('#808080')
})
