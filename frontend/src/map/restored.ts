import type { Map as MapLibre } from 'maplibre-gl'

type Programs = MapLibre['painter']['programCache']
type Variant = Parameters<Programs['getProgram']>[0]

/** How long a map whose graphics came back may show nothing while something is missing, and how often it looks whether anything is. */
const LONGEST_MS = 2000
const LOOK_MS = 50

/** Lets a map be whole again soon after it lost its graphics context: MapLibre alone begins with nothing then. */
export function outlastLosses(map: MapLibre): void {
  keepLetters(map)
  let programs = programsOf(map)
  let end = (): void => {}
  map.on('webglcontextrestored', () => {
    end()
    const before = programs
    programs = programsOf(map)
    for (const variant of before.values()) map.painter.programCache.getProgram(variant)
    end = drawWhole(map)
  })
  map.once('remove', () => end())
}

/** Letters are drawn by the browser, one by one: those that were drawn are handed on from style to style. */
function keepLetters(map: MapLibre): void {
  const keep = (): void => {
    const { glyphManager } = map.style
    glyphManager.destroy = () => {
      map.once('style.load', () => (map.style.glyphManager.entries = glyphManager.entries))
    }
  }
  map.on('style.load', keep)
  if (map.style) keep()
}

/** What the programs are made of that a map draws by from now on. Made before anything is drawn they cost little; in the middle of a frame each waits for all that was drawn before it. */
function programsOf({ painter: { programCache } }: MapLibre): Map<object, Variant> {
  const made = new Map<object, Variant>()
  const make = programCache.getProgram
  programCache.getProgram = (variant) => {
    const program = make.call(programCache, variant)
    if (!made.has(program)) made.set(program, variant)
    return program
  }
  return made
}

/**
 * Draws nothing until all that the map shows has come, or that takes too long: where the processor draws, a picture for every few tiles takes
 * longer than all that is in them. Returns how to end it before.
 */
function drawWhole(map: MapLibre): () => void {
  if (Object.hasOwn(map, 'triggerRepaint')) return () => {} // somebody else says when it is drawn
  const { painter, triggerRepaint } = map
  const until = performance.now() + LONGEST_MS
  let look: ReturnType<typeof setTimeout> | undefined
  map.triggerRepaint = () => {
    look ??= setTimeout(() => {
      look = undefined
      triggerRepaint.call(map)
    }, LOOK_MS)
  }
  const end = (): void => {
    clearTimeout(look)
    Reflect.deleteProperty(map, 'triggerRepaint')
    Reflect.deleteProperty(painter, 'render')
  }
  painter.render = (...frame) => {
    if (!map.loaded() && performance.now() < until) return map.triggerRepaint()
    end()
    painter.render(...frame)
  }
  return end
}
