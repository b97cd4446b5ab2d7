import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blend, contrast } from './contrast'
import { type Theme, cssVariables, tokens } from './tokens'
import { deficiencies, difference } from './vision'

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

/** The rules of all style sheets, without those that are inside of others' braces. */
const sheets = readdirSync(join(import.meta.dirname, '..'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.css'))
  .map((name) => ({ name, text: readFileSync(join(import.meta.dirname, '..', name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '') }))
const rules = sheets.flatMap(({ name, text }) => [...text.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => ({ where: `${name}: ${selector!.trim()}`, body: body! })))
const front = (body: string) => /(?<![-\w])color:\s*var\((--[\w-]+)\)/.exec(body)?.[1]
const back = (body: string) => /(?<![-\w])background(?:-color)?:\s*var\((--[\w-]+)\)/.exec(body)?.[1]

describe.each(themes)('style sheets in %s', (theme) => {
  const colours = cssVariables(theme)

  it('write in colours that can be read on every ground of the console', () => {
    const used = new Set(rules.map(({ body }) => front(body)).filter((name) => name !== undefined))
    expect(used.size).toBeGreaterThan(8)
    const onFilled = /^--on-/ // stand on a colour of their own, below
    const bad = [...used]
      .filter((name) => colours[name] && !onFilled.test(name))
      .flatMap((name) => (['--bg', '--panel', '--panel-hover', '--panel-select'] as const).map((ground) => ({ pair: `${name} on ${ground}`, ratio: contrast(colours[name]!, colours[ground]!) })))
      .filter(({ ratio }) => ratio < TEXT)
    expect(bad).toEqual([])
  })

  it('put no text on a ground of its own that it cannot be read on', () => {
    const pairs = rules.map(({ where, body }) => ({ where, on: colours[back(body) ?? ''], text: colours[front(body) ?? ''] })).filter(({ on, text }) => on && text)
    expect(pairs.length).toBeGreaterThan(5)
    expect(pairs.filter(({ on, text }) => contrast(on!, text!) < TEXT).map(({ where }) => where)).toEqual([])
  })
})

it('style sheets name no custom property that nobody sets', () => {
  const set = new Set(Object.keys(cssVariables('dark')))
  for (const { text } of sheets) for (const [, name] of text.matchAll(/(--[\w-]+)\s*:/g)) set.add(name!)
  const byScript = new Set(['--trigger-width', '--side', '--share', '--opacity', '--inset-right']) // set where the element is made
  const lost = sheets.flatMap(({ name, text }) => [...text.matchAll(/var\((--[\w-]+)\s*\)/g)].map(([, used]) => used!).filter((used) => !set.has(used) && !byScript.has(used)).map((used) => `${name}: ${used}`))
  expect(lost).toEqual([])
})

/** Colours that say how things are, of which one may stand beside the other. Each has its shape and its word too: colour is the third to say it. */
const states = (theme: Theme): Record<string, Record<string, string>> => {
  const { sev, ok, warn, bad, select, map } = tokens[theme]
  return {
    severities: { danger: sev[0], serious: sev[1], ordinary: sev[2] },
    lamp: { live: ok, delayed: warn, offline: bad },
    units: { busy: map.unit, free: map.unitIdle },
    'units among cases': { unit: map.unit, danger: sev[0], serious: sev[1], ordinary: sev[2] },
    cameras: { well: map.camera, abnormal: map.cameraAbnormal },
    'a selection among states': { select, warn, bad },
  }
}

describe.each(themes)('%s to those who lack one kind of cones', (theme) => {
  it.each(deficiencies)('states are apart: %s', (deficiency) => {
    const near = Object.entries(states(theme)).flatMap(([set, colours]) =>
      Object.entries(colours).flatMap(([a, one], i, all) =>
        all.slice(i + 1).map(([b, two]) => ({ pair: `${set}: ${a}, ${b}`, apart: Math.round(10 * difference(one, two, deficiency)) / 10 })),
      ),
    )
    expect(near.filter(({ apart }) => apart < 5)).toEqual([])
  })

  it.each(deficiencies)('steps of numbers keep their order: %s', (deficiency) => {
    const { tint, choropleth } = tokens[theme].map
    for (const steps of [tint, choropleth]) for (let i = 1; i < steps.length; i++) expect(difference(steps[i]!, steps[i - 1]!, deficiency), `step ${i}`).toBeGreaterThanOrEqual(5)
  })
})

it('knows how far black is from white, and what red and green are without red cones', () => {
  expect(difference('#000000', '#ffffff')).toBeCloseTo(100, 0)
  expect(difference('#777777', '#777777', 'protanopia')).toBe(0)
  expect(difference('#d00000', '#606000', 'protanopia')).toBeLessThan(difference('#d00000', '#606000') / 2)
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
