import type { Map as MapLibre } from 'maplibre-gl'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { outlastLosses } from './restored'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What outlastLosses asks of a map: events, a style with letters, a painter with programs. */
class Fake {
  style = new Style()
  painter = new Painter()
  whole = true
  repaints = 0
  private listeners: { name: string; once: boolean; heard: () => void }[] = []

  on(name: string, heard: () => void) {
    this.listeners.push({ name, once: false, heard })
  }

  once(name: string, heard: () => void) {
    this.listeners.push({ name, once: true, heard })
  }

  fire(name: string) {
    const now = this.listeners.filter((each) => each.name === name)
    this.listeners = this.listeners.filter((each) => !now.includes(each) || !each.once)
    now.forEach(({ heard }) => heard())
  }

  loaded() {
    return this.whole
  }

  triggerRepaint() {
    this.repaints++
    this.painter.render('frame')
  }

  /** As MapLibre does: the style goes with what it holds, another one comes, then another painter. */
  loseContext() {
    this.style.glyphManager.destroy()
    this.fire('webglcontextlost')
    this.whole = false
    this.style = new Style()
    this.fire('style.load')
    this.painter = new Painter()
    this.fire('webglcontextrestored')
  }
}

class Style {
  glyphManager = {
    entries: {} as Record<string, string>,
    destroy() {
      this.entries = {}
    },
  }
}

class Painter {
  drawn: unknown[] = []
  made: string[] = []
  programCache = {
    getProgram: ({ name }: { name: string }): object => {
      const program = this.programs[name] ?? (this.programs[name] = { name })
      if (!this.made.includes(name)) this.made.push(name)
      return program
    },
  }

  private programs: Record<string, object> = {}

  render(frame: unknown) {
    this.drawn.push(frame)
  }
}

function begin(): Fake {
  const map = new Fake()
  outlastLosses(map as unknown as MapLibre)
  return map
}

it('hands letters on from style to style, however often the context is lost', () => {
  const map = begin()
  map.style.glyphManager.entries = { 望: 'drawn' }
  map.loseContext()
  expect(map.style.glyphManager.entries).toEqual({ 望: 'drawn' })
  map.style.glyphManager.entries.楼 = 'drawn'
  map.loseContext()
  expect(map.style.glyphManager.entries).toEqual({ 望: 'drawn', 楼: 'drawn' })
})

it('makes all programs again before anything is drawn, each once', () => {
  const map = begin()
  for (const name of ['fill', 'line', 'fill']) map.painter.programCache.getProgram({ name })
  map.loseContext()
  expect(map.painter.made).toEqual(['fill', 'line'])
  map.loseContext()
  expect(map.painter.made).toEqual(['fill', 'line'])
})

it('draws nothing while something is missing, looks now and then, and draws as before from then on', () => {
  const map = begin()
  map.loseContext()
  for (let i = 0; i < 100; i++) map.triggerRepaint()
  expect(map.repaints).toBe(0)
  vi.advanceTimersByTime(1_000)
  expect(map.repaints).toBeGreaterThan(5)
  expect(map.repaints).toBeLessThan(50)
  expect(map.painter.drawn).toEqual([])
  map.whole = true
  vi.advanceTimersByTime(100)
  expect(map.painter.drawn).toEqual(['frame'])
  map.triggerRepaint()
  expect(map.painter.drawn).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})

it('draws what is there when the rest does not come', () => {
  const map = begin()
  map.loseContext()
  map.triggerRepaint()
  vi.advanceTimersByTime(2_100)
  expect(map.painter.drawn).toEqual(['frame'])
})

it('draws as before after a loss in the middle of a loss', () => {
  const map = begin()
  map.loseContext()
  map.triggerRepaint()
  map.loseContext()
  map.whole = true
  map.triggerRepaint()
  vi.advanceTimersByTime(100)
  expect(map.painter.drawn.length).toBeGreaterThan(0)
  const before = map.painter.drawn.length
  map.triggerRepaint()
  expect(map.painter.drawn).toHaveLength(before + 1)
})

it('leaves a map alone that somebody else says when to draw', () => {
  const map = begin()
  const pace = (map.triggerRepaint = vi.fn())
  map.loseContext()
  expect(map.triggerRepaint).toBe(pace)
  map.painter.render('frame')
  expect(map.painter.drawn).toEqual(['frame'])
})

it('leaves no timer behind when the map goes', () => {
  const map = begin()
  map.loseContext()
  map.triggerRepaint()
  map.fire('remove')
  expect(vi.getTimerCount()).toBe(0)
})
